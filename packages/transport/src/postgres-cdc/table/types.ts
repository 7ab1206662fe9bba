import type { Server } from '../server/server.ts'
import { parseArray } from './array-text.ts'

/** Writes a value, as the server has it, as JSON. */
export type ToJson = (text: string) => string

export interface Types {
  /** Returns how a type's values are written as JSON. */
  of(type: number): ToJson
  /** Asks the server about types that were made since. */
  learn(types: Iterable<number>): Promise<void>
}

const quoted: ToJson = (text) => JSON.stringify(text)
const asItIs: ToJson = (text) => text
/** There is no JSON for what is no number, and for infinity. */
const float: ToJson = (text) => (/^-?\d/.test(text) ? text : quoted(text))
const bool: ToJson = (text) => (text === 't' ? 'true' : 'false')
const base64: ToJson = (text) => `"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`

const money: ToJson = (text) => quoted(text.replace(/[$,]/g, ''))
/** One bit says yes or no; several are a whole number. */
const bit: ToJson = (text) => (text.length === 1 ? String(text === '1') : bits(text))
const bits: ToJson = (text) => String(BigInt(`0b0${text}`))

const WKB_POINT = Buffer.from([1, 1, 0, 0, 0])

/** Writes (1,2) as Debezium does: in the binary form of geometries (WKB). */
const point: ToJson = (text) => {
  const coordinates = Buffer.alloc(16)
  for (const [i, number] of text.slice(1, -1).split(',').entries()) coordinates.writeDoubleLE(Number(number), i * 8)
  return `{"wkb":"${Buffer.concat([WKB_POINT, coordinates]).toString('base64')}","srid":null}`
}

/** All others are texts, as the server writes them. */
const BUILT_IN = new Map<number, ToJson>([
  [16, bool],
  [17, base64],
  ...[20, 21, 23, 26].map((type) => [type, asItIs] as const),
  ...[700, 701].map((type) => [type, float] as const),
  [600, point],
  [790, money],
  [1560, bit],
  [1562, bits],
])

/** Types below are PostgreSQL's own. */
const FIRST_OF_USERS = 16_384
/** int2vector and oidvector are written in another way than arrays. */
const VECTORS = '22, 30'

export async function openTypes(server: Server): Promise<Types> {
  /** A domain's base type, and an array's type of elements. */
  const based = new Map<number, { readonly on: number; readonly delimiter?: string }>()
  const known = new Set<number>()
  const load = async () => {
    const rows = await server.rows(
      `SELECT t.oid, t.typtype, t.typbasetype, t.typelem, e.typdelim FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
       WHERE (t.typtype = 'd' OR t.typcategory = 'A') AND t.oid NOT IN (${VECTORS})`,
    )
    for (const [oid, kind, base, element, delimiter] of rows) {
      const on = kind === 'd' ? { on: Number(base) } : { on: Number(element), delimiter: delimiter ?? ',' }
      based.set(Number(oid), on)
    }
  }
  await load()
  const made = new Map<number, ToJson>(BUILT_IN)
  const of = (type: number): ToJson => {
    const found = made.get(type)
    if (found) return found
    const base = based.get(type)
    const json = base ? jsonOf(of(base.on), base.delimiter) : quoted
    made.set(type, json)
    return json
  }
  return {
    of,
    async learn(types) {
      const strange = [...types].filter((type) => type >= FIRST_OF_USERS && !known.has(type))
      if (strange.length === 0) return
      for (const type of strange) {
        known.add(type)
        made.delete(type)
      }
      await load()
    },
  }
}

function jsonOf(element: ToJson, delimiter: string | undefined): ToJson {
  return delimiter === undefined ? element : (text) => parseArray(text, delimiter, element)
}
