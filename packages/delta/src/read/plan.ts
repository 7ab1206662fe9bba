import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { tableColumns } from '../log/columns.ts'
import { tableUrl } from '../log/log.ts'
import { type StructField, unreadableType } from '../log/schema.ts'
import { columnsOf, fieldNamed, type Predicate } from './predicate.ts'
import { mayHold } from './prune.ts'
import type { Snapshot } from './snapshot.ts'

export interface ScanOptions {
  /** All of them unless said. */
  readonly columns?: readonly string[]
  readonly where?: Predicate
}

/** The plan of a scan, as plain data. */
export interface Scan {
  readonly snapshot: Snapshot
  readonly columns: readonly StructField[]
  readonly where: Predicate | undefined
  /** The files that may have matching rows. */
  readonly files: readonly AddFile[]
  /** Whether the rows have two more columns: FILE, its place in `files`, and ROW, the row's place in its file. */
  readonly positions?: boolean
}

export const FILE = 'millrace_file'
export const ROW = 'millrace_row'

export function planScan(snapshot: Snapshot, { columns, where }: ScanOptions = {}): Scan {
  const table = tableColumns(snapshot)
  const { fields } = table
  const chosen = columns?.map((name) => fieldNamed(fields, name))
  for (const field of [...(chosen ?? []), ...(where ? columnsOf(where).map((name) => fieldNamed(fields, name)) : [])]) {
    const lacking = unreadableType(field.type)
    if (lacking !== undefined) {
      throw new MillraceError(
        'TABLE_UNSUPPORTED',
        `${tableUrl(snapshot.table)}: column ${field.name} has the type ${lacking}`,
      )
    }
  }
  const files = [...snapshot.files.values()]
  const wanted = where ? files.filter((file) => mayHold(table, file, where)) : files
  return { snapshot, columns: chosen ?? fields, where, files: wanted }
}
