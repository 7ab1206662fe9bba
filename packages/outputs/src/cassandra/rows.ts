import type { StagedFile, StructField } from '@millrace/delta'
import { type Machine, quoteText } from '@millrace/engine'
import type { Session } from './session.ts'
import { inKeyspace, quoted, type TableName } from './table.ts'
import { boundValue, readValue } from './types.ts'

/** Returns what yields the writes of the rows in staged files, in portions, all with one write timestamp in ms. */
export function rowWrites(
  session: Session,
  at: TableName,
  fields: readonly StructField[],
  { engine }: Machine,
): (staged: readonly StagedFile[], writtenAt: number) => AsyncGenerator<readonly (() => Promise<unknown>)[]> {
  const columns = fields.map(({ name }) => quoted(name)).join(', ')
  const values = fields.map(() => '?').join(', ')
  const insert = `INSERT INTO ${inKeyspace(at, at.table)} (${columns}) VALUES (${values}) USING TIMESTAMP ?`
  return async function* (staged, writtenAt) {
    const paths = staged.map(({ localPath }) => quoteText(localPath)).join(', ')
    const timestamp = String(BigInt(writtenAt) * 1000n)
    const connection = await engine.connect()
    try {
      const result = await connection.stream(
        `SELECT ${fields.map(readValue).join(', ')} FROM read_parquet([${paths}], hive_partitioning = false)`,
      )
      for await (const rows of result.yieldRows()) {
        yield rows.map((row) => {
          const params = [...fields.map(({ type }, i) => boundValue(type, row[i])), timestamp]
          return () => session.execute(insert, params)
        })
      }
    } finally {
      connection.closeSync()
    }
  }
}
