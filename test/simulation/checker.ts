import { type HttpAddress, judgeSql, type S3Address } from '@millrace/testkit'
import type { Sent } from './feed.ts'

/** Where another engine finds the lake. */
export interface Readable {
  readonly tables: string
  readonly s3?: S3Address
}

/** What does not agree with what was sent; all of it empty when every record is there once. */
export interface Findings {
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  readonly strange: readonly string[]
}

/**
 * Compares what was sent with what delta-rs reads in the table, or with the rows of a database, and with the
 * quarantine. It knows nothing of ledgers, offsets or positions.
 */
export async function compare(
  sent: Sent,
  lake: Readable,
  judge: HttpAddress,
  elsewhere?: readonly (readonly [user: string, times: number])[],
): Promise<Findings> {
  const rows = elsewhere ?? (await counted(judge, lake, 'user', 'CAST(ind AS VARCHAR)'))
  const rejected = sent.bad.length > 0 ? await counted(judge, lake, 'user_quarantine', 'CAST(value AS VARCHAR)') : []
  const found = new Map([...rows, ...rejected])
  const expected = [...sent.good.map(String), ...sent.bad]
  const known = new Set(expected)
  return {
    missing: expected.filter((record) => !found.has(record)),
    doubled: [...found].filter(([, times]) => times !== 1).map(([record, times]) => `${record}: ${times} times`),
    strange: [...found.keys()].filter((record) => !known.has(record)),
  }
}

async function counted(
  judge: HttpAddress,
  { tables, s3 }: Readable,
  table: string,
  what: string,
): Promise<[string, number][]> {
  const sql = `SELECT ${what} AS record, count(*) AS times FROM t GROUP BY 1`
  const found = await judgeSql(judge, { table: `${tables}/${table}`, sql, ...(s3 ? { s3 } : {}) })
  return found.map(({ record, times }) => [String(record), Number(times)])
}

export const NOTHING_WRONG: Findings = { missing: [], doubled: [], strange: [] }
