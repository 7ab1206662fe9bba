import { MillraceError } from '@millrace/base'
import { type AddFile, commit, committedOrThrow, openOrCreate, uploadAll } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { BATCH } from '@millrace/queries'
import type { Dataset } from '@millrace/transform'
import type { Workbench } from '../cluster/workbench.ts'
import type { Making, NewRows } from '../making.ts'
import { type Portions, type Staged, stagePortions } from '../staging.ts'
import { cleaned, columnList, LATE, objection } from './dialect.ts'

/** What a run adds to a table, made by the cluster: cleaned, without duplicates, in files of the table's own folder. */
export async function makeOnCluster(portions: Portions, bench: Workbench, making: Making): Promise<NewRows> {
  const { dataset, snapshot, kept, latest, onRecords } = making
  const input = await bringInput(portions, bench, making)
  const there = await bench.share(`${dataset.name}_kept`, snapshot, kept)
  const columns = columnList(dataset)
  const judged = `SELECT ${columns}, ${objection(dataset, latest)} AS objection FROM (${input.rows}) AS clean`
  const counts = await countByObjection(judged, bench)
  refuseStopped(dataset, counts)
  await refuseRows(judged, counts, bench, making)
  const files = await writeFiles(
    `SELECT ${columns} FROM (${judged}) AS judged WHERE objection IS NULL\nEXCEPT SELECT ${columns} FROM ${there}`,
    bench,
    making,
  )
  const rows = files.reduce((sum, { stats }) => sum + Number(JSON.parse(stats ?? '{}').numRecords ?? 0), 0)
  const fit = counts.get(null) ?? 0
  const dropped = [...counts].filter(([reason]) => reason?.startsWith('drop ')).map(([, count]) => count)
  const filtered = dropped.reduce((sum, count) => sum + count, 0)
  const found = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const records = input.records ?? found
  onRecords(records)
  return { files, rows, records, duplicates: fit - rows, filtered, refusedObjects: input.refusedObjects }
}

interface Input {
  /** A SELECT of rows as the data set has them. */
  readonly rows: string
  /** Undefined: as many as there are rows. */
  readonly records: number | undefined
  readonly refusedObjects: Staged['refusedObjects']
}

/** The rows that the cluster reads: files where they are, or raw records typed here and cleaned by clean.sql there. */
async function bringInput(portions: Portions, bench: Workbench, making: Making): Promise<Input> {
  const { dataset, snapshot, lake, engine, runtime } = making
  if (portions.kind === 'clean') {
    const [first] = portions.scans
    const files = portions.scans.flatMap((scan) => scan.files)
    const table = await bench.share(`${dataset.name}_new`, first?.snapshot ?? snapshot, files)
    return { rows: `SELECT ${columnList(dataset)} FROM ${table}`, records: undefined, refusedObjects: [] }
  }
  const fields = asItComes(dataset)
  const name = `${dataset.name}_raw`
  const raw = await openOrCreate({ store: lake, path: bench.placeOf(name) }, { schema: fields.schema }, runtime)
  const connection = await engine.connect()
  try {
    const staged = await stagePortions(portions, { ...making, dataset: fields, snapshot: raw, connection })
    await uploadAll(raw.table, staged.files)
    const add = staged.files.map((file) => file.add)
    committedOrThrow(await commit(raw, { operation: 'WRITE', parameters: { mode: 'Append' }, add }, runtime))
    const { records, refusedObjects } = staged
    return { rows: cleaned(dataset, await bench.register(name)), records, refusedObjects }
  } finally {
    connection.closeSync()
  }
}

/** The data set before its clean.sql: the fields, typed. */
function asItComes(dataset: Dataset): Dataset {
  const fields = dataset.fields.map(({ name, type }) => {
    return { name, type: type === 'text' ? 'string' : type, nullable: true, metadata: {} }
  })
  const sql = `SELECT ${fields.map(({ name }) => quoteName(name)).join(', ')} FROM raw`
  return { ...dataset, schema: { type: 'struct', fields }, sql, expectations: [] }
}

type Counts = ReadonlyMap<string | null, number>

async function countByObjection(judged: string, bench: Workbench): Promise<Counts> {
  const { rows } = await bench.run(`SELECT objection, count(*) FROM (${judged}) AS judged GROUP BY objection`)
  return new Map(rows.map(([reason, count]) => [reason as string | null, Number(count)]))
}

function refuseStopped(dataset: Dataset, counts: Counts): void {
  const stop = [...counts.keys()].find((reason) => reason?.startsWith('stop '))
  if (stop === undefined || stop === null) return
  const what = `${counts.get(stop)} rows of ${dataset.name} fail the expectation ${stop.slice('stop '.length)}`
  throw new MillraceError('RECORD_INVALID', what)
}

/** As the cluster has read them: their bytes are not there any more. */
async function refuseRows(judged: string, counts: Counts, bench: Workbench, making: Making): Promise<void> {
  const reasons = [...counts.keys()].filter((reason) => reason === LATE || reason?.startsWith('quarantine '))
  if (reasons.length === 0) return
  const { columns, rows } = await bench.run(
    `SELECT * FROM (${judged}) AS judged WHERE objection = '${LATE}' OR objection LIKE 'quarantine %'`,
  )
  const names = columns.map(({ name }) => name)
  await making.refusals.add(
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

/** In a folder of the table's own. The log that is there as well is the cluster's, and nobody's. */
async function writeFiles(select: string, bench: Workbench, { dataset, runtime }: Making): Promise<AddFile[]> {
  const folder = `trino-${runtime.uuid()}`
  const place = `${BATCH}/${dataset.name}/${folder}`
  await bench.create(`${dataset.name}_made`, select, place)
  const made = await bench.read(place)
  return [...made.files.values()].map((file) => ({ ...file, path: `${folder}/${file.path}` }))
}
