import { duckdbType } from '@millrace/delta'
import { quoteName, quoteText } from '@millrace/engine'
import { LONGEST_JOINED_VALUE } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { expectationBits } from '../../dataset/expectations.ts'
import { fieldSql, namesOf, readType, sqlType } from '../../dataset/fields.ts'
import { PLACE } from './changes.ts'

/** Returns a SELECT of the columns, `millrace_at`, `millrace_fails` and FAILED, given one of `millrace_at` and the fields. */
export type MarkFailing = (records: string) => string

/**
 * Each thread's buffers are twice this size: with DuckDB's own 16 MiB a small block would be read by one thread alone.
 */
const LONGEST_LINE = 2 * LONGEST_JOINED_VALUE

/** Returns every name that a field may come under. */
export function knownNames(dataset: Dataset): string[] {
  return dataset.fields.flatMap(namesOf)
}

/** Returns every name that a field may come under, with the type that it is read as. */
export function readTypes({ fields }: Dataset): (readonly [name: string, type: ReturnType<typeof readType>])[] {
  return fields.flatMap((field) => namesOf(field).map((name) => [name, readType(field)] as const))
}

/** Returns what `raw` has besides the fields: of a keyed data set the place of each record. */
export function placeColumn({ keyed }: Dataset, place: string): string[] {
  return keyed ? [`${place} AS ${PLACE}`] : []
}

/** The second file's places begin here: no file has so many lines. */
export const SECOND_FILE = 2 ** 32

/** SQL for what has a column for each name that a field may come under, and of a keyed data set PLACE. */
export type RecordSource = string

/** Returns a SELECT of the data set's fields, typed; it fails where a record is not sure to be good. */
export function fastRaw(dataset: Dataset, source: RecordSource): string {
  const names = knownNames(dataset).map(quoteName)
  const fields = dataset.fields.map(fieldSql)
  const values = fields.map(({ name, value }) => `${value} AS ${quoteName(name)}`)
  const faults = fields.flatMap(({ faults }) =>
    faults.map((fault) => `WHEN ${fault.when} THEN error(${quoteText(fault.reason)})`),
  )
  // A column that the SQL does not use would be neither read nor checked: this one condition uses all.
  const all = `row(${names.join(', ')})`
  return `SELECT ${[...values, ...placeColumn(dataset, PLACE)].join(', ')} FROM ${source}
    WHERE CASE ${faults.join(' ')} WHEN ${all} IS NULL THEN false ELSE true END`
}

/**
 * Returns newline-joined JSON as records. `records` must be set: DuckDB's guess makes a row of `{}`'s own text, and
 * overflows the stack on a deep value.
 */
export function linesSource(dataset: Dataset, files: readonly string[]): RecordSource {
  const types = readTypes(dataset).map(([name, type]) => `${quoteName(name)}: '${type}'`)
  const read = (paths: readonly string[]) => `read_json([${paths.map(quoteText).join(', ')}],
    format = 'newline_delimited', records = true, columns = {${types.join(', ')}},
    maximum_object_size = ${LONGEST_LINE}, hive_partitioning = false)`
  // The engine numbers the rows of a file in the order of its lines.
  const numbered = files.map(
    (file, i) => `SELECT *, row_number() OVER () - 1 + ${i * SECOND_FILE} AS ${PLACE} FROM ${read([file])}`,
  )
  return dataset.keyed ? `(${numbered.join(' UNION ALL ')})` : read(files)
}

/**
 * Returns a SELECT of the places, out of so many, of records that can't be cleaned together with others, and whether
 * it is because cleaning fails; the files hold numbered lines. A `refusal` needs a `mark` that keeps the columns.
 */
export function suspectIndexes(
  dataset: Dataset,
  files: readonly string[],
  count: number,
  mark: MarkFailing,
  refusal: string | undefined,
): string {
  const unfit = expectationBits(dataset.expectations, 'quarantine', 'stop')
  return `SELECT millrace_place::INTEGER, coalesce(bool_or(millrace_fails), false)
    FROM range(${count}) AS places(millrace_place)
    LEFT JOIN (${mark(numberedRecords(dataset, files))}) AS marked ON marked.millrace_at = millrace_place
    WHERE millrace_fails IS DISTINCT FROM false OR ${FAILED} & ${unfit} <> 0 OR ${notTaken(dataset, refusal)}
    GROUP BY millrace_place ORDER BY millrace_place`
}

/** Returns a SELECT of `millrace_at` and the fields of the records in the files whose fields are right; they hold numbered lines. */
export function numberedRecords(dataset: Dataset, files: readonly string[]): string {
  const columns = readTypes(dataset).map(([name, type]) => `${quoteName(name)} ${type}`)
  const fields = dataset.fields.map(fieldSql)
  const faults = fields.flatMap((field) => field.faults.map(({ when }) => `WHEN ${when} THEN false`))
  const values = fields.map(({ name, value }) => `${value} AS ${quoteName(name)}`)
  return `SELECT ${['millrace_at', ...placeColumn(dataset, 'millrace_at'), ...values].join(', ')} FROM (
      SELECT millrace_at, record.* FROM read_json([${files.map(quoteText).join(', ')}],
        format = 'newline_delimited', records = true, ignore_errors = true,
        columns = {millrace_at: 'INTEGER', record: 'STRUCT(${columns.join(', ')})'},
        maximum_object_size = ${LONGEST_LINE}, hive_partitioning = false)
      WHERE record IS NOT NULL
    ) WHERE CASE ${faults.join(' ')} ELSE true END`
}

/** Returns a SELECT of the right columns without a row: enough to see whether the SQL fits the fields. */
export function emptyRaw(dataset: Dataset): string {
  const fields = dataset.fields.map(({ name, type }) => `NULL::${sqlType(type)} AS ${quoteName(name)}`)
  return `SELECT ${[...fields, ...placeColumn(dataset, 'NULL::BIGINT')].join(', ')} WHERE false`
}

/** The column that says which expectations a clean row fails. */
export const FAILED = 'millrace_failed'

/** Returns a SELECT of the clean rows of a `raw`, typed as the schema says, with the expectations that each fails. */
export function cleanRows(dataset: Dataset, raw: string, failed: string): string {
  const cleaned = `WITH raw AS (${raw}) SELECT * FROM (${dataset.sql}\n)`
  return `SELECT *, ${failed} AS ${FAILED} FROM (${typedRows(dataset, cleaned)})`
}

/** Returns a SELECT of the rows with the columns typed as the schema says. */
export function typedRows(dataset: Dataset, rows: string): string {
  const columns = dataset.schema.fields.map(
    ({ name, type }) => `CAST(${quoteName(name)} AS ${duckdbType(type)}) AS ${quoteName(name)}`,
  )
  return `SELECT ${columns.join(', ')} FROM (${rows})`
}

/** Returns a SELECT of the clean rows that no expectation drops. Every row is checked, which may fail. */
export function keptRows(dataset: Dataset, rows: string): string {
  const drop = expectationBits(dataset.expectations, 'drop')
  return `SELECT ${columnList(dataset)} FROM (${rows}) WHERE ${FAILED} & ${drop} = 0`
}

/** Returns SQL that is true for a clean row that no expectation drops and that the table does not take. */
export function notTaken({ expectations }: Dataset, refusal: string | undefined): string {
  if (refusal === undefined) return 'false'
  return `${FAILED} & ${expectationBits(expectations, 'drop')} = 0 AND (${refusal}) IS NOT NULL`
}

export function columnNames({ schema }: Dataset): string[] {
  return schema.fields.map(({ name }) => name)
}

export function columnList(dataset: Dataset): string {
  return columnNames(dataset).map(quoteName).join(', ')
}
