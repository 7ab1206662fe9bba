import { MillraceError } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { columnId, fileType, physicalName, renamed, type TableColumns, tableColumns } from '../log/columns.ts'
import { tableUrl } from '../log/log.ts'
import { duckdbType, isWidened, type StructField, unreadableType } from '../log/schema.ts'
import { type Calendar, rebasedColumn } from './calendar.ts'
import { FILE, ROW, type Scan } from './plan.ts'
import { columnsOf, fieldNamed, predicateSql } from './predicate.ts'

/** Facts of the files that only the log and the footers have, by path and by index. */
export interface FileFacts {
  readonly deleted: ReadonlyMap<string, Buffer>
  readonly calendars: ReadonlyMap<number, Calendar>
}

/**
 * Returns SQL with one read_parquet over all files, which is given the table's own columns: a column that a file lacks
 * is NULL, a narrower type is widened, and no file is opened before it is read. What only the log has of a file
 * (partition values, deleted rows) is joined by the file's index in the list. Lists are passed as JSON, which DuckDB
 * reads ten times faster than literals. `paths` are the paths by which DuckDB reads the files.
 */
export function renderScan(scan: Scan, paths: readonly string[], known: FileFacts): string {
  const columns = tableColumns(scan.snapshot)
  const used = usedColumns(scan, columns)
  const places = scan.positions ? [FILE, ROW] : []
  const outer = selectList([...scan.columns.map((field) => quoteName(field.name)), ...places])
  const where = scan.where ? ` WHERE ${predicateSql(scan.where, columns.fields)}` : ''
  if (scan.files.length === 0) return emptyQuery(scan, outer)
  const rows = rowsQuery(scan, columns, used, paths, known)
  return where === '' && used.length === scan.columns.length ? rows : `SELECT ${outer} FROM (${rows})${where}`
}

/** The columns that are shown or compared. */
export function usedColumns(scan: Scan, { fields }: TableColumns): StructField[] {
  const compared = scan.where ? columnsOf(scan.where).map((name) => fieldNamed(fields, name)) : []
  return [...new Map([...scan.columns, ...compared].map((field) => [field.name, field])).values()]
}

function selectList(items: readonly string[]): string {
  return items.length === 0 ? 'NULL AS nothing' : items.join(', ')
}

function emptyQuery(scan: Scan, outer: string): string {
  const nothing = scan.columns.map(({ name, type }) => {
    const readable = unreadableType(type) === undefined ? duckdbType(type) : 'VARCHAR'
    return `NULL::${readable} AS ${quoteName(name)}`
  })
  const places = scan.positions ? [`NULL::BIGINT AS ${FILE}`, `NULL::BIGINT AS ${ROW}`] : []
  return `SELECT ${outer} FROM (SELECT ${selectList([...nothing, ...places])}) WHERE false`
}

function rowsQuery(
  scan: Scan,
  columns: TableColumns,
  used: readonly StructField[],
  paths: readonly string[],
  known: FileFacts,
): string {
  const inFiles = used.filter((field) => !columns.isPartition(field) && unreadableType(field.type) === undefined)
  const partitions = used.filter((field) => columns.isPartition(field))
  const expressions = used.map((field) => {
    const value = columnSql(scan, columns, field, inFiles, partitions)
    const isOld = known.calendars.size > 0 && inFiles.includes(field)
    return `${isOld ? rebasedColumn(value, field, columns.mapping) : value} AS ${quoteName(field.name)}`
  })
  if (scan.positions) expressions.push(`d.file_index AS ${FILE}`, `d.file_row_number AS ${ROW}`)
  const facts = fileFacts(scan, columns, partitions, known)
  return [
    `SELECT ${selectList(expressions)} FROM ${readParquet(scan, columns, inFiles, paths)} AS d`,
    ...(facts === undefined ? [] : [`LEFT JOIN (${facts}) AS f ON f.file = d.file_index`]),
    ...(known.deleted.size === 0 ? [] : [`WHERE ${KEPT}`]),
  ].join(' ')
}

const KEPT = `CASE WHEN f.deleted IS NULL OR d.file_row_number >= bit_length(f.deleted) THEN true
  ELSE get_bit(f.deleted, d.file_row_number::INTEGER) = 0 END`

function columnSql(
  scan: Scan,
  { mapping }: TableColumns,
  field: StructField,
  inFiles: readonly StructField[],
  partitions: readonly StructField[],
): string {
  if (partitions.includes(field)) {
    const value = `f.p${partitions.indexOf(field)}`
    return field.type === 'binary' ? `encode(${value})` : `CAST(${value} AS ${duckdbType(field.type)})`
  }
  if (inFiles.includes(field)) {
    const value = renamed(`d.c${inFiles.indexOf(field)}`, field.type, mapping)
    // DuckDB would bring a filter's constant to the type of the file, which may hold less than the column's:
    // 3.4 is a FLOAT's 3.4000001. It gives no file a filter on an expression.
    return isWidened(field) ? `coalesce(${value}, ${value})` : value
  }
  const refusal = `${tableUrl(scan.snapshot.table)}: column ${field.name} has the type ${unreadableType(field.type)}`
  return `error(${quoteText(refusal)})::VARCHAR`
}

function readParquet(
  scan: Scan,
  { mapping }: TableColumns,
  inFiles: readonly StructField[],
  paths: readonly string[],
): string {
  const schema = inFiles.map((field, i) => {
    const type = quoteText(duckdbType(fileType(field.type, mapping)))
    return `${schemaKey(scan, field, mapping)}: {name: 'c${i}', type: ${type}, default_value: NULL}`
  })
  // A scan of no column still wants one, to count the rows by.
  if (schema.length === 0) schema.push(`'': {name: 'c', type: 'BOOLEAN', default_value: NULL}`)
  const options = [`schema = MAP {${schema.join(', ')}}`, 'hive_partitioning = false', ...cardinality(scan)]
  return `read_parquet(${jsonList(paths.map(withoutGlob), '["VARCHAR"]')}, ${options.join(', ')})`
}

/**
 * Returns the number of rows for DuckDB's planner. Since it is given the columns it opens no file before planning,
 * assumes that every file is small, and would hold a large table in memory to join it with a few rows.
 */
function cardinality({ files }: Scan): string[] {
  let rows = 0
  for (const { stats } of files) {
    // An estimate is enough: to parse the statistics of ten thousand files would take longer than planning.
    const count = /"numRecords"\s*:\s*(\d+)/.exec(stats ?? '')?.[1]
    if (count === undefined) return []
    rows += Number(count)
  }
  return Number.isSafeInteger(rows) ? [`explicit_cardinality = ${rows}`] : []
}

function schemaKey(scan: Scan, field: StructField, mapping: TableColumns['mapping']): string {
  if (mapping !== 'id') return quoteText(physicalName(field, mapping))
  const id = columnId(field)
  if (id !== undefined) return String(id)
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(scan.snapshot.table)}: column ${field.name} has no id`)
}

/** Returns SQL with a row per file: its index in the list, partition values, calendar, and a bit for each deleted row. */
function fileFacts(
  scan: Scan,
  { mapping }: TableColumns,
  partitions: readonly StructField[],
  { deleted, calendars }: FileFacts,
): string | undefined {
  if (partitions.length === 0 && deleted.size === 0 && calendars.size === 0) return undefined
  const facts: Record<string, unknown>[] = []
  scan.files.forEach((file, index) => {
    const rows = deleted.get(file.path)
    const calendar = calendars.get(index)
    if (!rows && !calendar && partitions.length === 0) return
    const fact: Record<string, unknown> = { file: index }
    partitions.forEach((field, i) => {
      fact[`p${i}`] = partitionValue(scan, file, physicalName(field, mapping))
    })
    if (rows) fact.bits = rows.toString('base64')
    if (calendar) {
      Object.assign(fact, { julian_dates: calendar.julianDates, julian_times: calendar.julianTimes })
      Object.assign(fact, { zone: calendar.zone ?? null, clock: calendar.offset, dates: calendar.dates })
    }
    facts.push(fact)
  })
  const calendar = [
    '"julian_dates": "BOOLEAN"',
    '"julian_times": "BOOLEAN"',
    '"zone": "VARCHAR"',
    '"clock": "BIGINT"',
    '"dates": ["VARCHAR"]',
  ]
  const values = partitions.map((_, i) => `"p${i}": "VARCHAR"`)
  const names = ['"file": "UBIGINT"', ...values, ...calendar, '"bits": "VARCHAR"']
  const rows = `unnest(${jsonList(facts, `[{${names.join(', ')}}]`)}, recursive := true)`
  return `SELECT * EXCLUDE (bits), from_base64(bits)::BIT AS deleted FROM (SELECT ${rows})`
}

/** An empty text is NULL, by the protocol. */
function partitionValue(scan: Scan, file: AddFile, name: string): string | null {
  const value = file.partitionValues[name]
  if (value === undefined) {
    const { table, version } = scan.snapshot
    const what = `${tableUrl(table)} version ${version}: ${file.path} has no value for the partition column ${name}`
    throw new MillraceError('TABLE_BROKEN', what)
  }
  return value === '' ? null : value
}

/** Returns a list as JSON that DuckDB reads. */
export function jsonList(items: readonly unknown[], structure: string): string {
  return `from_json(${quoteText(JSON.stringify(items))}, ${quoteText(structure)})`
}

/** DuckDB takes a path for a pattern, but not an address on the web. */
export function withoutGlob(path: string): string {
  return /^https?:/.test(path) ? path : path.replace(/[[*?]/g, '[$&]')
}
