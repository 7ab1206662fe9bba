import { type ComponentChild, h } from 'preact'
import type { MaintenanceState, TableState, WorkerState } from '../state.ts'
import { agoInWords, bytesInWords, exactCountInWords } from '../words.ts'
import { type Column, hint, panel, table } from './parts.ts'

export function tablesPanel({ tables, at }: WorkerState): ComponentChild {
  if (tables.length === 0) return panel('tables', 'Tables', '', hint('No table was opened yet.'))
  const columns: Column<TableState>[] = [
    { head: 'Table', cell: ({ table }) => table },
    { head: 'Rows', isNumber: true, cell: ({ rows }) => exactCountInWords(rows) },
    { head: 'Size', isNumber: true, cell: ({ bytes }) => bytesInWords(bytes) },
    { head: 'Files', isNumber: true, cell: ({ files }) => exactCountInWords(files) },
    {
      head: 'Size of a file',
      isNumber: true,
      cell: ({ bytes, files }) => (files === 0 ? '–' : bytesInWords(bytes / files)),
    },
    { head: 'Version', isNumber: true, cell: ({ version }) => exactCountInWords(version) },
    { head: 'Looked after', cell: ({ maintenance }) => maintenanceInWords(maintenance, at) },
  ]
  return panel(
    'tables',
    'Tables',
    'open Delta tables of the lake',
    table('Tables', columns, tables, ({ table }) => table),
    ...tables.flatMap(({ table, nullColumns = [] }) =>
      nullColumns.length === 0
        ? []
        : h(
            'p',
            { class: 'trouble', key: table },
            h('b', {}, `${table}: `),
            `NULL in every new row: ${nullColumns.join(', ')}`,
          ),
    ),
  )
}

/** What failed, before all else. */
function maintenanceInWords(maintenance: readonly MaintenanceState[], now: number): string {
  const failed = maintenance.filter(({ error }) => error !== undefined)
  if (failed.length > 0) return failed.map(({ task, error }) => `${task} failed: ${error}`).join('; ')
  const last = maintenance.reduce<MaintenanceState | undefined>(
    (newest, each) => ((each.succeededAt ?? 0) > (newest?.succeededAt ?? 0) ? each : newest),
    undefined,
  )
  return last?.succeededAt === undefined ? 'not yet' : `${last.task} ${agoInWords(last.succeededAt, now)}`
}
