import type { Feed } from '../feed.ts'
import { between, chanceOf } from '../generator/chance.ts'
import type { Database } from './database.ts'
import { encodeRows } from './rows.ts'
import { countRows, type Table } from './tables.ts'

const DRAWS = 7
const DRAWS_AT_ONCE = 500
/** Maximum number of keys kept in memory. In a larger table, each draw walks the index instead. */
const MOST_KEYS = 200_000

/** Returns an endless feed that draws row numbers and reads that row of every table, as the old emulator did. */
export async function randomRows(database: Database, tables: readonly Table[], seed: number): Promise<Feed> {
  const counts = await Promise.all(tables.map((table) => countRows(database, table)))
  const last = Math.min(...counts) - 1
  const takers = await Promise.all(
    tables.map((table, i) => ((counts[i] as number) > MOST_KEYS ? byNumber(database, table) : byKey(database, table))),
  )
  const chance = chanceOf(seed, DRAWS, 0)
  return {
    async next(most) {
      const numbers = Array.from({ length: Math.min(most, DRAWS_AT_ONCE) }, () => between(chance, 0, last))
      const taken = await Promise.all(takers.map((take) => take(numbers)))
      return new Map(tables.map(({ dataset }, i) => [dataset, taken[i] ?? []]))
    },
    close: async () => {},
  }
}

/** Returns the rows of these numbers in this order, without rows that have been deleted meanwhile. */
type Take = (numbers: readonly number[]) => Promise<Uint8Array[]>

/** Reads all drawn rows with one query by their keys, which it has in memory. */
async function byKey(database: Database, table: Table): Promise<Take> {
  const { name, key } = table
  if (!key) return byNumber(database, table)
  const { rows } = await database.read(`SELECT ${key.quoted} FROM ${name} ORDER BY ${key.quoted}`)
  const keys = rows.map((row) => row[key.column] as string | number)
  return async (numbers) => {
    const wanted = numbers.map((number) => keys[number] as string | number)
    const page = await database.read(`SELECT * FROM ${name} WHERE ${key.quoted} IN (?)`, [[...new Set(wanted)]])
    const records = encodeRows(page)
    const found = new Map(page.rows.map((row, i) => [row[key.column], records[i] as Uint8Array]))
    return wanted.flatMap((value) => found.get(value) ?? [])
  }
}

/** Reads each drawn row with its own query. It walks only the index if there is one, because rows are wide. */
async function byNumber(database: Database, { name, key }: Table): Promise<Take> {
  const drawn = key && `SELECT ${key.quoted} FROM ${name} ORDER BY ${key.quoted} LIMIT ?, 1`
  const sql = key
    ? `SELECT t.* FROM ${name} AS t JOIN (${drawn}) AS drawn USING (${key.quoted})`
    : `SELECT * FROM ${name} LIMIT ?, 1`
  return async (numbers) => {
    const pages = await Promise.all(numbers.map((number) => database.read(sql, [number])))
    return pages.flatMap(encodeRows)
  }
}
