import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { AddFile, ChangeFile, RemoveFile } from '../log/actions.ts'
import { tableUrl } from '../log/log.ts'
import { schemaOf } from '../log/schema.ts'
import { statsOf } from '../read/bounds.ts'
import { legacyFiles } from '../read/legacy.ts'
import { FILE, planScan, ROW } from '../read/plan.ts'
import { withScan } from '../read/scan.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { REPLACED, REPLACES, writeChangeFiles } from './change-files.ts'
import type { WriteContext } from './context.ts'
import { type MarkedRows, marksRows, writeVectors } from './deletion-vectors.ts'
import { stageRows } from './parquet.ts'
import { removalOf } from './removal.ts'
import { defaultValue } from './rules/computed.ts'
import { type StagedFile, uploadAll } from './staged.ts'

/** Rows to remove and rows to add, found in a snapshot. */
export interface RowEdits {
  /** The files that were looked at. FILE is a place in this list. */
  readonly files: readonly AddFile[]
  /** A temporary table of the rows that go: FILE and ROW, each once. */
  readonly gone: string
  /** A SELECT of the rows that come, and in FILE the file whose row each replaces: NULL for a new one. */
  readonly rows?: string
  /** SQL over `gone`: whether a row of `rows` is what became of the row. Absent: rows go, and others come. */
  readonly replaced?: string
  /** SQL over `rows`: whether a row is what became of one of `gone`. Absent: one is whose FILE is not NULL. */
  readonly replaces?: string
  /** Files all of whose rows go; they are not among `files`. */
  readonly emptied?: readonly AddFile[]
  /** Files with other rows that the same commit brings. */
  readonly brought?: readonly AddFile[]
  /** The table's columns that `rows` has. The others are NULL. */
  readonly columns?: readonly string[]
  /** Rows that replace none are sorted by these columns, so that their file has a range of them. */
  readonly sortBy?: readonly string[]
}

export interface WrittenEdits {
  readonly add: readonly AddFile[]
  readonly remove: readonly RemoveFile[]
  /** Where the table feeds its changes to readers: the rows that go and come. */
  readonly cdc: readonly ChangeFile[]
}

/** Files that are written anew together: small ones become one on the way. */
const BIN_BYTES = 64 << 20
const NEW_FILE_BYTES = 128 << 20

/**
 * Writes what the edits make of the files that they touch, and uploads it. Where the table has deletion vectors, rows
 * that go are marked and their files stay; else the other rows of such a file are copied. Memory does not grow with the
 * files: they stream through.
 */
export async function writeEdits(snapshot: Snapshot, wanted: RowEdits, context: WriteContext): Promise<WrittenEdits> {
  const { connection, runtime } = context
  const now = runtime.now()
  const edits: TimedEdits = { ...wanted, now }
  const touched = await touchedFiles(edits, connection)
  const marks = marksRows(snapshot)
  const [marked, copied]: [Touched[], Touched[]] = [[], []]
  for (const each of touched.filter(({ left }) => left !== 0)) {
    ;(marks && each.left !== undefined ? marked : copied).push(each)
  }
  const withVectors = await writeVectors(snapshot.table, await rowsOf(edits, marked, connection), runtime)
  const staged: StagedFile[] = []
  for (const bin of binsOf(copied)) staged.push(...(await copyBin(snapshot, edits, bin, context)))
  staged.push(...(await stageNew(snapshot, edits, copied, context)))
  await uploadAll(snapshot.table, staged)
  const files = touched.map(({ file }) => file)
  const cdc = await writeChangeFiles(snapshot, { ...edits, ...changedRows(snapshot, edits, touched) }, files, context)
  return {
    add: [...withVectors, ...staged.map(({ add }) => add)],
    remove: [...files, ...(edits.emptied ?? [])].map((file) => removalOf(file, now)),
    cdc,
  }
}

/** The rows to add are selected several times, and must be the same each time. */
interface TimedEdits extends RowEdits {
  readonly now: number
}

/** The rows that go and come, as the change files are to have them. `gone` counts files among those that are touched. */
function changedRows(snapshot: Snapshot, edits: TimedEdits, touched: readonly Touched[]) {
  const gone = goneRows(edits, touched, edits.replaced ?? 'false')
  const replaces = edits.replaced === undefined ? 'false' : (edits.replaces ?? `${FILE} IS NOT NULL`)
  const rows = newRows(snapshot, edits, 'true', [`${replaces} AS ${REPLACES}`])
  return { gone, rows }
}

/** Selects the rows of `gone` that are in some files, with FILE as a place among these. */
function goneRows({ gone }: RowEdits, files: readonly Touched[], replaced = 'false'): string {
  const places =
    files.map(({ place }, i) => `(${i}::UBIGINT, ${place}::UBIGINT)`).join(', ') || '(0::UBIGINT, NULL::UBIGINT)'
  return `SELECT here AS ${FILE}, ${ROW}, ${replaced} AS ${REPLACED} FROM ${gone}
    JOIN (VALUES ${places}) AS p(here, place) ON place = ${FILE}`
}

interface Touched {
  readonly file: AddFile
  /** In `edits.files`. */
  readonly place: number
  /** How many rows stay; undefined where the log does not say how many there are. */
  readonly left: number | undefined
}

async function touchedFiles({ files, gone }: RowEdits, connection: DuckDBConnection): Promise<Touched[]> {
  const counted = await connection.runAndReadAll(`SELECT ${FILE}, count(*) FROM ${gone} GROUP BY ALL ORDER BY ALL`)
  return counted.getRows().map(([at, count]) => {
    const place = Number(at)
    const file = files[place] as AddFile
    const { numRecords } = statsOf(file)
    const all = numRecords === undefined ? undefined : Number(numRecords) - (file.deletionVector?.cardinality ?? 0)
    return { file, place, left: all === undefined ? undefined : all - Number(count) }
  })
}

async function rowsOf(
  { gone }: RowEdits,
  marked: readonly Touched[],
  connection: DuckDBConnection,
): Promise<MarkedRows[]> {
  const result: MarkedRows[] = []
  for (const { file, place } of marked) {
    const reader = await connection.runAndReadAll(`SELECT ${ROW} FROM ${gone} WHERE ${FILE} = ${place}`)
    result.push({ file, rows: reader.getRows().map(([row]) => Number(row)) })
  }
  return result
}

function binsOf(touched: readonly Touched[]): Touched[][] {
  const bins: Touched[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const each of touched) {
    if (bytes + each.file.size > BIN_BYTES) {
      bins.push([])
      bytes = 0
    }
    bins.at(-1)?.push(each)
    bytes += each.file.size
  }
  return bins
}

/** Copies the rows of some files that stay, and the rows that replace others in them. */
async function copyBin(
  snapshot: Snapshot,
  edits: TimedEdits,
  bin: readonly Touched[],
  { connection, folder, runtime }: WriteContext,
): Promise<StagedFile[]> {
  const files = bin.map(({ file }) => file)
  await refuseLegacy(snapshot, files, connection)
  const goneHere = goneRows(edits, bin)
  return withScan({ ...planScan(snapshot), files, positions: true }, connection, (rows) => {
    const stay = `SELECT * EXCLUDE (${FILE}, ${ROW}) FROM (${rows}) ANTI JOIN (${goneHere}) USING (${FILE}, ${ROW})`
    const come = newRows(snapshot, edits, `${FILE} IN (${bin.map(({ place }) => place).join(', ')})`)
    const query = come === undefined ? stay : `${stay} UNION ALL BY NAME ${come}`
    return stageRows(connection, query, snapshot, folder, runtime)
  })
}

/** Writes the rows that replace none, and those that replace rows of files that are not copied. */
async function stageNew(
  snapshot: Snapshot,
  edits: TimedEdits,
  copied: readonly Touched[],
  { connection, folder, runtime }: WriteContext,
): Promise<StagedFile[]> {
  const places = copied.map(({ place }) => place)
  const where = places.length === 0 ? 'true' : `${FILE} IS NULL OR ${FILE} NOT IN (${places.join(', ')})`
  const query = newRows(snapshot, edits, where)
  if (query === undefined) return []
  const order = edits.sortBy?.length ? ` ORDER BY ${edits.sortBy.map(quoteName).join(', ')}` : ''
  return stageRows(connection, query + order, snapshot, folder, runtime, { targetBytes: NEW_FILE_BYTES })
}

/** Returns the rows to add with all columns of the table; those that they lack get the table's default. */
function newRows(
  { metadata }: Snapshot,
  { rows, columns, now }: TimedEdits,
  where: string,
  more: readonly string[] = [],
): string | undefined {
  if (rows === undefined) return undefined
  const { fields } = schemaOf(metadata)
  const values = fields.map((field) => {
    const name = quoteName(field.name)
    return !columns || columns.includes(field.name) ? name : `${defaultValue(field, now)} AS ${name}`
  })
  return `SELECT ${[...values, ...more].join(', ')} FROM (${rows}) WHERE ${where}`
}

async function refuseLegacy(
  snapshot: Snapshot,
  files: readonly AddFile[],
  connection: DuckDBConnection,
): Promise<void> {
  const [legacy] = await legacyFiles(snapshot, files, connection)
  if (!legacy) return
  throw new MillraceError(
    'TABLE_UNSUPPORTED',
    `${tableUrl(snapshot.table)}: ${legacy.path} holds dates of the Julian calendar, which a copy would change`,
    { next: 'Let Spark rewrite the file, or change the table with Spark.' },
  )
}
