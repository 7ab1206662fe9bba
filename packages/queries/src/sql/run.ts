import { rowsOf } from './formats.ts'
import { openSql, type SqlOptions } from './session.ts'

export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** Runs SQL and returns the whole result of the last statement. */
export async function runSql(lake: string, sql: string, options?: SqlOptions): Promise<QueryResult> {
  await using session = await openSql(lake, options)
  const results = await session.run(sql, async (result) => {
    const rows = (await Array.fromAsync(rowsOf(result))).flat()
    return { columns: result.columns.map(({ name }) => name), rows }
  })
  return results.at(-1) ?? { columns: [], rows: [] }
}
