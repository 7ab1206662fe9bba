import type { Feed } from '../feed.ts'
import { between, chanceOf } from '../generator/chance.ts'
import type { Database } from './database.ts'
import { encodeRows } from './rows.ts'
import { countRows, type Table } from './tables.ts'

const DRAWS = 7

/** As the old emulator: draws the number of a row, and takes that row of every table. Without end. */
export async function randomRows(database: Database, tables: readonly Table[], seed: number): Promise<Feed> {
  const counts = await Promise.all(tables.map((table) => countRows(database, table)))
  const last = Math.min(...counts) - 1
  const chance = chanceOf(seed, DRAWS, 0)
  const take = async (table: Table, numbers: readonly number[]) => {
    const taken = await Promise.all(numbers.map((number) => database.read(rowSql(table), [number])))
    return [table.dataset, taken.flatMap(encodeRows)] as const
  }
  return {
    async next(most) {
      const numbers = Array.from({ length: Math.min(most, DRAWS_AT_ONCE) }, () => between(chance, 0, last))
      return new Map(await Promise.all(tables.map((table) => take(table, numbers))))
    },
    close: async () => {},
  }
}

const DRAWS_AT_ONCE = 500

/** Only the index is walked where there is one: rows are wide. */
function rowSql({ name, key }: Table): string {
  if (!key) return `SELECT * FROM ${name} LIMIT ?, 1`
  const drawn = `SELECT ${key.quoted} FROM ${name} ORDER BY ${key.quoted} LIMIT ?, 1`
  return `SELECT t.* FROM ${name} AS t JOIN (${drawn}) AS drawn USING (${key.quoted})`
}
