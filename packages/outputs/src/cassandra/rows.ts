import type { StructField } from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import { DELETED, PLACE, TRUNCATED } from '@millrace/transform'
import type { Session } from './session.ts'
import { inKeyspace, type KeyedDataset, quoted, type TableName } from './table.ts'
import { boundValue, readValue } from './types.ts'
import type { TimesAfter } from './write-times.ts'

type Write = () => Promise<unknown>

/** Returns what yields the writes of a file of changes, in portions. */
export function changeWrites(
  session: Session,
  at: TableName,
  { schema: { fields }, keyed: { key, sequenceBy } }: KeyedDataset,
  { engine }: Machine,
): (path: string, times: TimesAfter) => AsyncGenerator<readonly Write[]> {
  const table = inKeyspace(at, at.table)
  const names = fields.map(({ name }) => quoted(name)).join(', ')
  const places = fields.map(() => '?').join(', ')
  const insert = `INSERT INTO ${table} (${names}) VALUES (${places}) USING TIMESTAMP ?`
  const sameKey = key.map((name) => `${quoted(name)} = ?`).join(' AND ')
  const remove = `DELETE FROM ${table} USING TIMESTAMP ? WHERE ${sameKey}`
  const inKey = key.map((name) => fields.findIndex((field) => field.name === name))
  const sequence = fields.find(({ name }) => name === sequenceBy[0])
  const columns = [...fields.map(readValue), DELETED, sequence ? sequenceTime(sequence) : PLACE]
  return async function* (path, times) {
    const timestampOf = (value: unknown) => String(sequence ? value : times.at(Number(value)))
    const connection = await engine.connect()
    try {
      const result = await connection.stream(
        `SELECT ${columns.join(', ')} FROM read_parquet(${quoteText(path)}, hive_partitioning = false)
          WHERE NOT ${TRUNCATED}`,
      )
      for await (const rows of result.yieldRows()) {
        yield rows.map((row) => {
          const values = fields.map(({ type }, i) => boundValue(type, row[i]))
          const timestamp = timestampOf(row[fields.length + 1])
          const keys = inKey.map((i) => values[i])
          return row[fields.length] === true
            ? () => session.execute(remove, [timestamp, ...keys])
            : () => session.execute(insert, [...values, timestamp])
        })
      }
    } finally {
      connection.closeSync()
    }
  }
}

/** Returns the engine's SQL for the write timestamp that a sequence stands for. */
export function sequenceTime({ name, type }: StructField): string {
  const column = quoteName(name)
  if (type === 'date') return `epoch_us(CAST(${column} AS TIMESTAMP))`
  return String(type).startsWith('timestamp') ? `epoch_us(${column})` : `CAST(${column} AS BIGINT)`
}

/** Whether the columns can be write timestamps. */
export function isSequence(columns: readonly StructField[]): boolean {
  return columns.length <= 1 && columns.every(({ type }) => SEQUENCE.test(String(type)))
}

const SEQUENCE = /^(timestamp|timestamp_ntz|date|long|integer|short|byte)$/
