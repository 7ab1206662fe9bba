import { quoteName } from '@millrace/engine'
import type { AddFile, ChangeFile } from '../log/actions.ts'
import { feedsChanges } from '../log/properties.ts'
import { schemaOf } from '../log/schema.ts'
import { CHANGE_TYPE } from '../read/change-columns.ts'
import { FILE, planScan, ROW } from '../read/plan.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import type { WriteContext } from './context.ts'
import { stageRows } from './parquet.ts'
import { uploadAll } from './staged.ts'

/** The folder of a table's change files. */
export const CHANGE_FOLDER = '_change_data'

/** Columns of the rows that go, and of those that come: whether the other kind has a row for it. */
export const [REPLACED, REPLACES] = ['millrace_replaced', 'millrace_replaces']

interface ChangedRows {
  /** Selects the rows that go: FILE, ROW and REPLACED. */
  readonly gone: string
  /** Selects the rows that come: the table's columns and REPLACES. */
  readonly rows: string | undefined
  readonly brought?: readonly AddFile[]
  /** Files whose rows all go. */
  readonly emptied?: readonly AddFile[]
}

const CHANGE_FILE_BYTES = 128 << 20

/**
 * Writes the rows that go and come for readers of the table's change data feed, and uploads them. None where the table
 * has no such feed, or where no row goes: then the new files say all. Rows that go are read again from `files`.
 */
export async function writeChangeFiles(
  snapshot: Snapshot,
  { gone, rows, brought = [], emptied = [] }: ChangedRows,
  files: readonly AddFile[],
  { connection, folder, runtime }: WriteContext,
): Promise<ChangeFile[]> {
  if (!feedsChanges(snapshot.metadata) || files.length + emptied.length === 0) return []
  const scan = planScan(snapshot)
  const staged = await withScan({ ...scan, files, positions: true }, connection, (there) =>
    withScan({ ...scan, files: [...emptied, ...brought], positions: true }, connection, (whole) => {
      const columns = scan.columns.map(({ name }) => quoteName(name)).join(', ')
      const typed = (type: string, from: string) => `SELECT ${columns}, ${type} AS ${CHANGE_TYPE} FROM (${from})`
      const before = `SELECT * FROM (${there}) JOIN (${gone}) USING (${FILE}, ${ROW})`
      const parts = [
        typed(`CASE WHEN ${REPLACED} THEN 'update_preimage' ELSE 'delete' END`, before),
        ...(emptied.length + brought.length > 0
          ? [typed(`if(${FILE} < ${emptied.length}, 'delete', 'insert')`, whole)]
          : []),
        ...(rows ? [typed(`CASE WHEN ${REPLACES} THEN 'update_postimage' ELSE 'insert' END`, rows)] : []),
      ]
      const options = { targetBytes: CHANGE_FILE_BYTES }
      return stageRows(connection, parts.join(' UNION ALL '), changeTarget(snapshot), folder, runtime, options)
    }),
  )
  const placed = staged.map((file) => ({ ...file, add: { ...file.add, path: `${CHANGE_FOLDER}/${file.add.path}` } }))
  await uploadAll(snapshot.table, placed)
  return placed.map(({ add: { path, partitionValues, size } }) => ({ path, partitionValues, size, dataChange: false }))
}

/** The table with the type of a change as one column more. What it asks of rows has been checked. */
function changeTarget({ metadata, files }: Snapshot) {
  const { fields } = schemaOf(metadata)
  const type = { name: CHANGE_TYPE, type: 'string', nullable: true, metadata: {} }
  const schemaString = JSON.stringify({ type: 'struct', fields: [...fields, type] })
  return { metadata: { ...metadata, schemaString, configuration: {} }, files }
}
