import { MillraceError } from '@millrace/base'
import {
  type AddFile,
  commit,
  committedOrThrow,
  openOrCreate,
  rowRefusal,
  type Snapshot,
  uploadAll,
} from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { BATCH } from '@millrace/queries'
import type { Dataset } from '@millrace/transform'
import { cleaned, columnList, LATE, nullColumn, objection } from '../trino/dialect.ts'
import type { ClusterSchema } from '../trino/schema.ts'
import { lackingFields, type Portions, type Staged, stagePortions } from './staging.ts'
import type { NewRows, TableParts } from './table-parts.ts'

/** Makes the new rows of a table on the cluster: cleaned, without duplicates, in files in the table's folder. */
export async function makeOnCluster(
  portions: Portions,
  clusterSchema: ClusterSchema,
  parts: TableParts,
): Promise<NewRows> {
  const { dataset, snapshot, kept, latest, onRecords } = parts
  refuseRowRules(snapshot)
  const input = await bringInput(portions, clusterSchema, parts)
  const there = await clusterSchema.share(`${dataset.name}_kept`, snapshot, kept)
  const columns = columnList(dataset)
  const checked = `SELECT ${columns}, ${objection(dataset, latest)} AS objection FROM (${input.rows}) AS clean`
  const counts = await countByObjection(checked, clusterSchema)
  refuseStopped(dataset, counts)
  await rejectRows(checked, counts, clusterSchema, parts)
  const files = await writeFiles(
    `SELECT ${columns} FROM (${checked}) AS checked WHERE objection IS NULL\nEXCEPT SELECT ${columns} FROM ${there}`,
    clusterSchema,
    parts,
  )
  const rows = files.reduce((sum, { stats }) => sum + Number(JSON.parse(stats ?? '{}').numRecords ?? 0), 0)
  const fit = counts.get(null) ?? 0
  const dropped = [...counts].filter(([reason]) => reason?.startsWith('drop ')).map(([, count]) => count)
  const filtered = dropped.reduce((sum, count) => sum + count, 0)
  const found = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const records = input.records ?? found
  onRecords(records)
  return { files, rows, records, duplicates: fit - rows, filtered, rejectedObjects: input.rejectedObjects }
}

/** Refuses a table that asks something of each row: the cluster writes rows that nobody here has looked at. */
export function refuseRowRules({ table, metadata }: Snapshot): void {
  if (rowRefusal(metadata) === undefined) return
  throw new MillraceError(
    'TABLE_UNSUPPORTED',
    `${table.store.url}/${table.path} has NOT NULL columns, lengths or constraints, which a cluster does not check for us`,
    { next: 'Run without a cluster, or take them off the table.' },
  )
}

interface Input {
  /** SELECT of rows with the data set's columns. */
  readonly rows: string
  /** Number of records, or undefined if it equals the number of rows. */
  readonly records: number | undefined
  readonly rejectedObjects: Staged['rejectedObjects']
}

/** Makes the input visible to the cluster. Raw records are typed here and cleaned there by clean.sql. */
async function bringInput(portions: Portions, clusterSchema: ClusterSchema, parts: TableParts): Promise<Input> {
  const { dataset, snapshot, lake, engine, runtime } = parts
  if (portions.kind === 'clean') {
    const [first] = portions.scans
    const files = portions.scans.flatMap((scan) => scan.files)
    const table = await clusterSchema.share(`${dataset.name}_new`, first?.snapshot ?? snapshot, files)
    const lacking = new Set(first ? lackingFields(first.columns, dataset.schema) : [])
    const columns = dataset.schema.fields.map((field) =>
      lacking.has(field) ? nullColumn(field) : quoteName(field.name),
    )
    return { rows: `SELECT ${columns.join(', ')} FROM ${table}`, records: undefined, rejectedObjects: [] }
  }
  const fields = asItComes(dataset)
  const name = `${dataset.name}_raw`
  const raw = await openOrCreate({ store: lake, path: clusterSchema.pathOf(name) }, { schema: fields.schema }, runtime)
  const connection = await engine.connect()
  try {
    const staged = await stagePortions(portions, { ...parts, dataset: fields, snapshot: raw, connection })
    await uploadAll(raw.table, staged.files)
    const add = staged.files.map((file) => file.add)
    committedOrThrow(await commit(raw, { operation: 'WRITE', parameters: { mode: 'Append' }, add }, runtime))
    const { records, rejectedObjects } = staged
    return { rows: cleaned(dataset, await clusterSchema.register(name)), records, rejectedObjects }
  } finally {
    connection.closeSync()
  }
}

/** Returns the data set without its clean.sql and expectations: only its typed fields. */
function asItComes(dataset: Dataset): Dataset {
  // Landed files have no keys or headers: columns of these are NULL.
  const fields = [...dataset.fields, ...dataset.metadata].map(({ name, type }) => {
    return { name, type: type === 'text' ? 'string' : type, nullable: true, metadata: {} }
  })
  const sql = `SELECT ${fields.map(({ name }) => quoteName(name)).join(', ')} FROM raw`
  return { ...dataset, schema: { type: 'struct', fields }, sql, expectations: [] }
}

type Counts = ReadonlyMap<string | null, number>

async function countByObjection(checked: string, clusterSchema: ClusterSchema): Promise<Counts> {
  const { rows } = await clusterSchema.run(`SELECT objection, count(*) FROM (${checked}) AS checked GROUP BY objection`)
  return new Map(rows.map(([reason, count]) => [reason as string | null, Number(count)]))
}

function refuseStopped(dataset: Dataset, counts: Counts): void {
  const stop = [...counts.keys()].find((reason) => reason?.startsWith('stop '))
  if (stop === undefined || stop === null) return
  const what = `${counts.get(stop)} rows of ${dataset.name} fail the expectation ${stop.slice('stop '.length)}`
  throw new MillraceError('RECORD_INVALID', what)
}

/** Rejects the rows with an objection. Their original bytes are gone, so the rows themselves are kept as JSON. */
async function rejectRows(
  checked: string,
  counts: Counts,
  clusterSchema: ClusterSchema,
  parts: TableParts,
): Promise<void> {
  const reasons = [...counts.keys()].filter((reason) => reason === LATE || reason?.startsWith('quarantine '))
  if (reasons.length === 0) return
  const { columns, rows } = await clusterSchema.run(
    `SELECT * FROM (${checked}) AS checked WHERE objection = '${LATE}' OR objection LIKE 'quarantine %'`,
  )
  const names = columns.map(({ name }) => name)
  await parts.rejected.add(
    rows.map((row) => {
      const { objection: why, ...record } = Object.fromEntries(names.map((name, i) => [name, row[i]]))
      return { object: null, place: null, reason: reasonOf(String(why)), value: Buffer.from(JSON.stringify(record)) }
    }),
  )
}

function reasonOf(objection: string): string {
  if (objection === LATE) return 'a time in it is in the future'
  return `expectation ${objection.slice('quarantine '.length)} failed`
}

/** Writes the rows into a folder inside the table's. The log that the cluster writes there is not used. */
async function writeFiles(
  select: string,
  clusterSchema: ClusterSchema,
  { dataset, runtime }: TableParts,
): Promise<AddFile[]> {
  const folder = `trino-${runtime.uuid()}`
  const path = `${BATCH}/${dataset.name}/${folder}`
  await clusterSchema.create(`${dataset.name}_made`, select, path)
  const made = await clusterSchema.read(path)
  return [...made.files.values()].map((file) => ({ ...file, path: `${folder}/${file.path}` }))
}
