import type { Feed } from '../feed.ts'
import { type Pieces, readAhead } from '../files/feed.ts'
import type { Database } from './database.ts'
import { encodeRows } from './rows.ts'
import type { Key, Table } from './tables.ts'

/** Page lengths in rows. The first page shows how wide the rows are; later pages are as long as `PAGE_BYTES` allows. */
const [FIRST_PAGE, LONGEST_PAGE, PAGE_BYTES] = [200, 2_000, 8 << 20]

/** Returns a feed of whole tables in parallel. Each batch has the same number of records of each table, at most a page. */
export function allRows(database: Database, tables: readonly Table[]): Feed {
  const all = tables.map((table) => ({
    dataset: table.dataset,
    ...readAhead(table.key ? pages(database, table, table.key) : rows(database, table)),
  }))
  let open = all
  return {
    async next(most) {
      const waiting = await Promise.all(open.map((table) => table.waiting()))
      open = open.filter((_, i) => waiting[i] !== 0)
      const count = Math.min(most, ...waiting.filter((records) => records > 0))
      return open.length > 0 ? new Map(open.map(({ dataset, take }) => [dataset, take(count)])) : undefined
    },
    close: async () => void (await Promise.all(all.map((table) => table.close()))),
  }
}

/** Reads a table in pages by ranges of its key, so that a lost connection costs one page at most. */
async function* pages(database: Database, { name }: Table, { column, quoted }: Key): AsyncGenerator<Uint8Array[]> {
  const ask = (most: number, after?: string | number) => {
    const where = after === undefined ? '' : `WHERE ${quoted} > ?`
    const sql = `SELECT * FROM ${name} ${where} ORDER BY ${quoted} LIMIT ${most}`
    const coming = database.read(sql, after === undefined ? [] : [after])
    // The promise is awaited later. Until then its failure must not end the process.
    coming.catch(() => {})
    return coming
  }
  let most = FIRST_PAGE
  for (let coming = ask(most); ; ) {
    const page = await coming
    const records = encodeRows(page)
    const last = records.length < most
    if (!last) {
      most = pageAfter(records)
      // The server reads the next page while this one is sent.
      coming = ask(most, page.rows.at(-1)?.[column] as string | number)
    }
    if (records.length > 0) yield records
    if (last) return
  }
}

function pageAfter(records: readonly Uint8Array[]): number {
  const bytes = records.reduce((sum, { length }) => sum + length, 0)
  return Math.max(1, Math.min(LONGEST_PAGE, Math.floor((PAGE_BYTES * records.length) / bytes)))
}

function rows(database: Database, { name }: Table): Pieces {
  return database.stream(`SELECT * FROM ${name}`)
}
