import { quoteName, quoteText } from '@millrace/engine'
import type { AddFile } from '../log/actions.ts'
import { physicalName, type TableColumns } from '../log/columns.ts'
import type { DataType, StructField } from '../log/schema.ts'
import { boundsOf, comparable, compare, type Stats, statsOf } from './bounds.ts'

/** The Julian calendar and time zone that a file's old values were written in. */
export interface Calendar {
  readonly julianDates: boolean
  readonly julianTimes: boolean
  /** Undefined when the zone's offset never changed: then `offset` is all of it. */
  readonly zone?: string
  /** Seconds ahead of UTC, as Spark's writers took it for all times before 1900. */
  readonly offset: number
  /** Names of the columns that the file has as dates, where that was asked for. */
  readonly dates: readonly string[]
}

/** From these dates on, legacy and current values are the same. */
const SAME_SINCE: Readonly<Record<string, string>> = { date: '1582-10-15', timestamp: '1900-01-01T00:00:00Z' }

/** Whether a value of the type has a place in a calendar. Spark never rebases a timestamp_ntz. */
function isCalendrical(type: DataType): boolean {
  if (typeof type === 'string') return type in SAME_SINCE
  if (type.type === 'array') return isCalendrical(type.elementType)
  if (type.type === 'map') return isCalendrical(type.keyType) || isCalendrical(type.valueType)
  return type.fields.some((field) => isCalendrical(field.type))
}

/** Whether a column has a place in a calendar: by its type, or by the dates that older files have in it. */
export function isCalendricalColumn(field: StructField): boolean {
  return isCalendrical(field.type) || wasDate(field)
}

/** Whether the column was widened from dates: Spark rebases those of older files. */
export function wasDate({ type, metadata }: StructField): boolean {
  const changes = metadata['delta.typeChanges']
  const isFromDate = (change: unknown) => (change as { fromType?: unknown } | null)?.fromType === 'date'
  return type === 'timestamp_ntz' && Array.isArray(changes) && changes.some(isFromDate)
}

/** Whether a file may hold values so old that the calendar in its footer matters. */
export function mayBeOld(file: AddFile, fields: readonly StructField[], mapping: TableColumns['mapping']): boolean {
  const stats = statsOf(file)
  return fields.some((field) => fieldMayBeOld(stats, field, mapping))
}

function fieldMayBeOld(stats: Stats, field: StructField, mapping: TableColumns['mapping']): boolean {
  const { type } = field
  if (wasDate(field)) return true
  if (!isCalendrical(type)) return false
  const name = physicalName(field, mapping)
  if (typeof type === 'string') {
    const { min, allNulls } = boundsOf(stats, name, type)
    const since = comparable(SAME_SINCE[type] ?? '', type)
    return !allNulls && !(min && since && (compare(min, since) ?? -1) >= 0)
  }
  if (type.type !== 'struct') return true
  const inner = (values: Stats['minValues']) => (values?.[name] ?? {}) as Readonly<Record<string, unknown>>
  const [minValues, maxValues, nullCount] = [inner(stats.minValues), inner(stats.maxValues), inner(stats.nullCount)]
  return type.fields.some((member) => fieldMayBeOld({ ...stats, minValues, maxValues, nullCount }, member, mapping))
}

/** The days, since 1970, from which the Julian calendar is one more day behind; at first it is two ahead. */
const BEHIND_SINCE = '[-682945,-646420,-609895,-536845,-500320,-463795,-390745,-354220,-317695,-244645,-208120,-171595]'

/** SQL: by how many days a date moves that was read as if it were of the Gregorian calendar. */
function shift(date: string, depth: number): string {
  const since = `s${depth}`
  return `(2 - len(list_filter(${BEHIND_SINCE}, lambda ${since}: ${since} <= (${date}) - DATE '1970-01-01')))`
}

/** Returns SQL for a column's value as its writer meant it. See `rebased`; `f.dates` names the dates of the file. */
export function rebasedColumn(sql: string, field: StructField, mapping: TableColumns['mapping']): string {
  if (!wasDate(field)) return rebased(sql, field.type)
  const isDate = `f.julian_dates AND list_contains(f.dates, ${quoteText(physicalName(field, mapping))})`
  const moved = `(${sql}) + to_days((${shift(`(${sql})::DATE`, 0)})::INTEGER)`
  return `CASE WHEN ${isDate} AND isfinite(${sql}) AND ${sql} < TIMESTAMP '1582-10-15' THEN ${moved} ELSE ${sql} END`
}

/**
 * Returns SQL for a value with the calendar date and clock time that its writer meant. `f.julian_dates` and
 * `f.julian_times` say which values of the file have to be moved, `f.zone` and `f.clock` which time zone its writer had.
 */
function rebased(sql: string, type: DataType, depth = 0): string {
  if (!isCalendrical(type)) return sql
  if (type === 'date') {
    const moved = `(${sql}) + ${shift(sql, depth)}::INTEGER`
    return `CASE WHEN f.julian_dates AND isfinite(${sql}) AND ${sql} < DATE '1582-10-15' THEN ${moved} ELSE ${sql} END`
  }
  if (typeof type === 'string') {
    const local = `make_timestamp(epoch_us(${sql}) + f.clock * 1000000)`
    const days = `CASE WHEN ${local} < TIMESTAMP '1582-10-15' THEN ${shift(`${local}::DATE`, depth)} ELSE 0 END`
    const moved = `(${local} + to_days((${days})::INTEGER))`
    const instant = `CASE WHEN f.zone IS NULL THEN make_timestamptz(epoch_us(${moved}) - f.clock * 1000000) ELSE timezone(f.zone, ${moved}) END`
    return `CASE WHEN f.julian_times AND isfinite(${sql}) AND ${sql} < TIMESTAMPTZ '1900-01-01 00:00:00+00' THEN ${instant} ELSE ${sql} END`
  }
  const inner = `j${depth}`
  if (type.type === 'array')
    return `list_transform(${sql}, lambda ${inner}: ${rebased(inner, type.elementType, depth + 1)})`
  if (type.type === 'map') {
    const [key, value] = [
      rebased(`${inner}.key`, type.keyType, depth + 1),
      rebased(`${inner}.value`, type.valueType, depth + 1),
    ]
    const entry = `struct_pack(key := ${key}, value := ${value})`
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${inner}: ${entry}))`
  }
  const members = type.fields.map(({ name, type: member }) => {
    return `${quoteName(name)} := ${rebased(`(${sql}).${quoteName(name)}`, member, depth + 1)}`
  })
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${members.join(', ')}) END`
}
