import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { Calendar } from './calendar.ts'
import { jsonList, withoutGlob } from './scan-sql.ts'

const SPARK = 'org.apache.spark.'
const KEYS = ['legacyDateTime', 'legacyINT96', 'version', 'timeZone'].map((key) => `'${SPARK}${key}'`).join(', ')

/** Returns the calendars of the files whose old values are not Gregorian, by their index in the list. */
export async function calendarsOf(
  paths: readonly string[],
  connection: DuckDBConnection,
  wantsDates: boolean,
): Promise<ReadonlyMap<number, Calendar>> {
  const footers = await sparkFooters(paths, connection)
  // A name that DuckDB spells in another way is found by asking for one file after the other.
  const isKnown = [...footers.keys()].every((name) => paths.includes(name))
  const found = new Map<number, Calendar>()
  for (const [index, path] of paths.entries()) {
    const footer = isKnown ? footers.get(path) : [...(await sparkFooters([path], connection)).values()][0]
    const calendar = footer && calendarOf(footer, await hasInt96(footer, path, connection))
    if (!calendar) continue
    found.set(index, wantsDates ? { ...calendar, dates: await dateColumns(path, connection) } : calendar)
  }
  return found
}

export type Footer = ReadonlyMap<string, string>

export async function sparkFooters(
  paths: readonly string[],
  connection: DuckDBConnection,
): Promise<Map<string, Footer>> {
  const result = await connection.runAndReadAll(
    `SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata(${jsonList(paths.map(withoutGlob), '["VARCHAR"]')})
     WHERE decode(key) IN (${KEYS})`,
  )
  const footers = new Map<string, Map<string, string>>()
  for (const [name, key, value] of result.getRows()) {
    const footer = footers.get(String(name)) ?? new Map<string, string>()
    footers.set(String(name), footer.set(String(key).slice(SPARK.length), String(value)))
  }
  return footers
}

async function dateColumns(path: string, connection: DuckDBConnection): Promise<string[]> {
  const list = jsonList([withoutGlob(path)], '["VARCHAR"]')
  const result = await connection.runAndReadAll(
    `SELECT name FROM parquet_schema(${list}) WHERE converted_type = 'DATE'`,
  )
  return result.getRows().map(([name]) => String(name))
}

/** Spark writes all timestamps of a file in one way. Only where the two ways differ in calendar need it be known. */
async function hasInt96(footer: Footer, path: string, connection: DuckDBConnection): Promise<boolean> {
  if (isJulian(footer, 'legacyDateTime') === isJulian(footer, 'legacyINT96')) return false
  const list = jsonList([withoutGlob(path)], '["VARCHAR"]')
  const result = await connection.runAndReadAll(`SELECT count(*) FROM parquet_schema(${list}) WHERE type = 'INT96'`)
  return result.getRows()[0]?.[0] !== 0n
}

/** Spark before these versions wrote the Julian calendar without marking it. */
const UNMARKED = { legacyDateTime: /^[012]\./, legacyINT96: /^([012]\.|3\.0\.)/ }

export function isJulian(footer: Footer, mark: keyof typeof UNMARKED): boolean {
  return footer.has(mark) || UNMARKED[mark].test(footer.get('version') ?? '')
}

function calendarOf(footer: Footer, isInt96: boolean): Calendar | undefined {
  const julianDates = isJulian(footer, 'legacyDateTime')
  const julianTimes = isInt96 ? isJulian(footer, 'legacyINT96') : julianDates
  return julianDates || julianTimes
    ? { dates: [], julianDates, julianTimes, ...clockOf(footer.get('timeZone') ?? 'UTC') }
    : undefined
}

function clockOf(zone: string): { zone?: string; offset: number } {
  if (/^(UTC|GMT|Z|Etc\/UTC)$/.test(zone)) return { offset: 0 }
  const [, sign, hours, minutes] = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})$/.exec(zone) ?? []
  if (sign) return { offset: (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60) }
  try {
    return { zone, offset: Math.min(...[0, 6].map((month) => offsetOf(zone, Date.UTC(2024, month, 1)))) }
  } catch (cause) {
    throw new MillraceError('TABLE_UNSUPPORTED', `a file holds times of the unknown time zone ${zone}`, { cause })
  }
}

function offsetOf(zone: string, time: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(time)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0'] = /^GMT([+-])(\d{2}):(\d{2})$/.exec(name) ?? []
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60)
}
