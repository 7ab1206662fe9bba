import { MillraceError } from '@millrace/base'
import type { DataType, StructField } from '@millrace/delta'

/** Returns what writes a row as JSON for these columns; a value that does not fit its column is refused. */
export function lineEncoder(
  columns: readonly StructField[],
): (row: Readonly<Record<string, unknown>>, index: number) => string {
  return (row, index) => {
    try {
      return structText(row, columns, '')
    } catch (error) {
      if (error instanceof Misfit) throw new MillraceError('TABLE_SCHEMA', `row ${index}: ${error.message}`)
      throw error
    }
  }
}

class Misfit extends Error {}

function structText(row: unknown, fields: readonly StructField[], above: string): string {
  if (typeof row !== 'object' || row === null) throw new Misfit(`${above || 'the row'} is no object`)
  const entries = Object.entries(row)
  const strange = entries.find(([name]) => !fields.some((field) => field.name === name))
  if (strange) throw new Misfit(`the table has no column ${above}${strange[0]}`)
  const parts = fields.flatMap(({ name, type, nullable }) => {
    const value = (row as Record<string, unknown>)[name]
    if (value !== undefined && value !== null)
      return [`${JSON.stringify(name)}:${valueText(value, type, above + name)}`]
    if (!nullable) throw new Misfit(`${above}${name} must have a value`)
    return []
  })
  return `{${parts.join(',')}}`
}

function valueText(value: unknown, type: DataType, at: string): string {
  if (typeof type === 'string') return JSON.stringify(simpleText(value, type, at))
  if (type.type === 'struct') return structText(value, type.fields, `${at}.`)
  const inner = (item: unknown, of: DataType, where: string) =>
    item === null || item === undefined ? 'null' : valueText(item, of, where)
  if (type.type === 'array') {
    if (!Array.isArray(value)) throw misfit(value, 'an array', at)
    return `[${value.map((item, i) => inner(item, type.elementType, `${at}[${i}]`)).join(',')}]`
  }
  if (type.keyType !== 'string') throw new Misfit(`${at} is a map whose keys are no texts, which rows can't give`)
  const entries = value instanceof Map ? [...value] : Object.entries(value as object)
  return `{${entries.map(([key, item]) => `${JSON.stringify(String(key))}:${inner(item, type.valueType, `${at}.${key}`)}`).join(',')}}`
}

const WHOLE_BITS: Readonly<Record<string, bigint>> = { byte: 7n, short: 15n, integer: 31n, long: 63n }

const DATE = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)$/
const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i

function simpleText(value: unknown, type: string, at: string): unknown {
  const bits = WHOLE_BITS[type]
  if (bits !== undefined) return wholeText(value, type, bits, at)
  if (type.startsWith('decimal')) return decimalText(value, type, at)
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : refuse(value, 'a text', at)
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(value, 'true or false', at)
    case 'double':
    case 'float':
      return doubleText(value, at)
    case 'date':
      return dateText(value, at)
    case 'timestamp':
      return momentText(value, at, 'Z')
    case 'timestamp_ntz':
      return momentText(value, at, '')
    case 'binary':
      if (!(value instanceof Uint8Array)) return refuse(value, 'a Uint8Array', at)
      if (/[.[]/.test(at)) throw new Misfit(`${at} has bytes inside of another value, which rows can't give`)
      return Buffer.from(value).toString('hex')
    default:
      throw new Misfit(`${at} has the type ${type}, which rows can't give`)
  }
}

function wholeText(value: unknown, type: string, bits: bigint, at: string): string {
  const isWhole =
    typeof value === 'bigint' || Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value))
  if (!isWhole) return refuse(value, 'a whole number that is exact', at)
  const whole = BigInt(value as bigint | number | string)
  return BigInt.asIntN(Number(bits) + 1, whole) === whole ? String(whole) : refuse(value, `a ${type}`, at)
}

function decimalText(value: unknown, type: string, at: string): string {
  const [, precision = 0, scale = 0] = /\((\d+)\s*,\s*(\d+)\)/.exec(type)?.map(Number) ?? []
  const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const fits = fraction.length <= scale && whole.replace(/^0+/, '').length <= precision - scale
  return whole !== '' && fits ? text : refuse(value, `a ${type}`, at)
}

function doubleText(value: unknown, at: string): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? value : refuse(value, 'a number', at)
}

function dateText(value: unknown, at: string): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString().slice(0, 10)
  if (typeof value === 'string' && DATE.test(value) && isDay(value)) return value
  return refuse(value, 'a date like 2026-01-31', at)
}

/** Without a zone it is UTC; the digits after the millisecond are kept. */
function momentText(value: unknown, at: string, zone: '' | 'Z'): string {
  const wanted = 'a Date or a time like 2026-01-31T12:00:00Z'
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? refuse(value, wanted, at) : value.toISOString().replace('Z', zone)
  const given = typeof value === 'string' ? value : ''
  const offset = ZONE.exec(given)?.[0] ?? ''
  const [, day = '', clock = ''] = MOMENT.exec(given.slice(0, given.length - offset.length)) ?? []
  if (!isDay(day) || (offset !== '' && zone === '') || Number.isNaN(Date.parse(`${day}T${clock}Z`)))
    return refuse(value, wanted, at)
  return `${day}T${clock}${zone === '' ? '' : offset || 'Z'}`
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function misfit(value: unknown, wanted: string, at: string): Misfit {
  const shown = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value)?.slice(0, 60) ?? String(value))
  return new Misfit(`${at} is ${shown}, not ${wanted}`)
}

function refuse(value: unknown, wanted: string, at: string): never {
  throw misfit(value, wanted, at)
}
