import { MillraceError } from '@millrace/base'
import { floatText } from './float-text.ts'
import { type Raw, type Server, textOf, unsuited } from './server.ts'
import { isStoredText, type StoredText } from './stored-texts.ts'

export interface TableColumn {
  readonly name: string
  /** What is selected to read it. */
  readonly sql: string
  /** What is selected to have its value as SQL. */
  readonly literal: string
  /** Writes a value that is not null as JSON, in the very form that the log's values are written in. */
  readonly json: (value: Buffer) => string
  readonly isInteger: boolean
  /** How the log has it, where that is bytes and a value is a text. */
  readonly stored?: StoredText
}

export interface Table {
  readonly database: string
  readonly name: string
  readonly columns: readonly TableColumn[]
  /** The primary key, in its order. */
  readonly key: readonly TableColumn[]
}

export const quoteName = (name: string) => `\`${name.replaceAll('`', '``')}\``
export const quoteText = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])
const quoted = (value: Buffer) => JSON.stringify(value.toString())
const number = (value: Buffer) => String(Number(value.toString()))
const float = (value: Buffer) => floatText(Math.fround(Number(value.toString())))
const base64 = (value: Buffer) => `"${value.toString('base64')}"`
/** A time of day without zeros at the end of its fraction, as Debezium’s messages have it. */
const clock = (value: Buffer) => JSON.stringify(value.toString().replace(/(\.\d*[1-9])0+$|\.0+$/, '$1'))
/** A date that no calendar has. */
const moment = (value: Buffer) => (/^\d{4}-(00|\d\d-00)/.test(value.toString()) ? 'null' : quoted(value))

const FORMS: Readonly<Record<string, (value: Buffer) => string>> = {
  ...Object.fromEntries([...INTEGERS].map((type) => [type, (value: Buffer) => value.toString()])),
  ...{ decimal: quoted, float, double: number, year: number },
  ...{ date: moment, datetime: moment, timestamp: moment, time: clock },
  ...{ char: quoted, varchar: quoted, tinytext: quoted, text: quoted, mediumtext: quoted, longtext: quoted },
  ...{ enum: quoted, set: quoted },
  ...{ binary: base64, varbinary: base64, tinyblob: base64, blob: base64, mediumblob: base64, longblob: base64 },
}

const GEOMETRIES = /^(geometry|point|linestring|polygon|multi\w+|geometrycollection|geomcollection)$/

export function geometryJson(value: Buffer): string {
  return `{"wkb":"${value.toString('base64', 4)}","srid":${value.readUInt32LE(0)}}`
}

/** Returns the table as it is now. Fails for one that does not exist, has no primary key, or a type that is not known. */
export async function describeTable(server: Server, database: string, name: string): Promise<Table> {
  const where = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`
  const rows = await server.rows(
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  )
  if (rows.length === 0) {
    throw new MillraceError('TOPIC_MISSING', `there is no table ${database}.${name} that this user may read`)
  }
  const columns = rows.map((row) => columnOf(row, `${database}.${name}`))
  const keys = await server.rows(
    `SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE ${where} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
  )
  const key = keys.flatMap(([column]) => columns.filter((each) => each.name === textOf(column)))
  if (key.length === 0) {
    throw unsuited(`table ${database}.${name} has no primary key`, 'Give it one: rows are found by it.')
  }
  return { database, name, columns, key }
}

/** Returns the table as it is now; none where it is gone, and not only hidden from this user. */
export async function findTable(server: Server, database: string, name: string): Promise<Table | undefined> {
  try {
    return await describeTable(server, database, name)
  } catch (error) {
    if (isMissing(error) && (await isGone(server, database, name))) return undefined
    throw error
  }
}

const isMissing = (error: unknown) => error instanceof MillraceError && error.code === 'TOPIC_MISSING'

function isGone(server: Server, database: string, name: string): Promise<boolean> {
  return server.rows(`SELECT 1 FROM ${quoteName(database)}.${quoteName(name)} LIMIT 0`).then(
    () => false,
    (error: unknown) => {
      if (isMissing(error)) return true
      throw error
    },
  )
}

function columnOf([nameOf, typeOf, whole]: Raw[], table: string): TableColumn {
  const [name, type] = [textOf(nameOf), textOf(typeOf).toLowerCase()]
  const sql = quoteName(name)
  const literal = literalOf(sql, type)
  if (type === 'bit') {
    const isFlag = textOf(whole).toLowerCase() === 'bit(1)'
    const json = (value: Buffer) => (isFlag ? String(value.toString() === '1') : value.toString())
    return { name, sql: `${sql} + 0`, literal, json, isInteger: false }
  }
  if (GEOMETRIES.test(type)) return { name, sql, literal, json: geometryJson, isInteger: false }
  if (isStoredText(type)) return { name, sql, literal, json: quoted, isInteger: false, stored: type }
  const json = FORMS[type]
  if (!json) {
    const what = `column ${name} of ${table} is of the type ${type}, which can't be read`
    throw unsuited(what, 'Leave the table out, or change the type.')
  }
  // A float as text has six digits.
  const read = type === 'float' ? `CAST(${sql} AS DOUBLE)` : sql
  return { name, sql: read, literal, json, isInteger: INTEGERS.has(type) }
}

/** Enums, sets and bits are ordered by their numbers, bytes by themselves. */
function literalOf(sql: string, type: string): string {
  if (INTEGERS.has(type)) return sql
  if (['enum', 'set', 'bit'].includes(type)) return `${sql} + 0`
  return /binary|blob/.test(type) ? `CONCAT('x''', HEX(${sql}), '''')` : `QUOTE(${sql})`
}
