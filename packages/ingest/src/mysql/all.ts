import type { Batch, Feed } from '../feed.ts'
import { type Pieces, piecewise } from '../files/feed.ts'
import type { Database, Values } from './database.ts'
import { encodeRows } from './rows.ts'
import type { Table } from './tables.ts'

/** How wide the rows are shows after the first page: the others are as long as that allows. */
const [FIRST_PAGE, LONGEST_PAGE, PAGE_BYTES] = [200, 5_000, 8 << 20]

/** Whole tables, side by side, never more of them than a page each. */
export function allRows(database: Database, tables: readonly Table[]): Feed {
  let feeds = tables.map((table) =>
    piecewise(table.dataset, table.key ? pages(database, table) : rows(database, table)),
  )
  const all = feeds
  return {
    async next(most) {
      const batches = await Promise.all(feeds.map((feed) => feed.next(most)))
      feeds = feeds.filter((_, i) => batches[i] !== undefined)
      const batch: Batch = new Map(batches.flatMap((one) => [...(one ?? [])]))
      return batch.size > 0 ? batch : undefined
    },
    close: async () => void (await Promise.all(all.map((feed) => feed.close()))),
  }
}

/** By ranges of the key: each page starts behind the last, so a lost connection costs nothing. */
async function* pages(database: Database, { name, key }: Table): Pieces & AsyncGenerator<Uint8Array[]> {
  let most = FIRST_PAGE
  for (let after: Values[number] | undefined; ; ) {
    const where = after === undefined ? '' : `WHERE ${key?.quoted} > ?`
    const sql = `SELECT * FROM ${name} ${where} ORDER BY ${key?.quoted} LIMIT ${most}`
    const page = await database.read(sql, after === undefined ? [] : [after])
    if (page.rows.length === 0) return
    const records = encodeRows(page)
    yield records
    const bytes = records.reduce((sum, { length }) => sum + length, 0)
    most = Math.max(1, Math.min(LONGEST_PAGE, Math.floor((PAGE_BYTES * records.length) / bytes)))
    after = page.rows.at(-1)?.[key?.column ?? ''] as Values[number]
  }
}

function rows(database: Database, { name }: Table): Pieces {
  return database.stream(`SELECT * FROM ${name}`)
}
