import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { commentedField, type StructType } from '@millrace/delta'
import { quoteText } from '@millrace/engine'
import type { RunParts } from './parts.ts'

/** Record or whole object that may not enter its table. */
export interface RefusedRecord {
  /** Key of the object, or null if only the row is known. */
  readonly object: string | null
  /** Number of the record in the object, from 1, or null for the whole object. */
  readonly place: number | null
  readonly reason: string
  readonly value: Uint8Array | null
}

export const REFUSED_SCHEMA: StructType = {
  type: 'struct',
  fields: [
    commentedField('run_date', 'string', 'The run that refused it'),
    commentedField('object', 'string', 'The raw object that it is in'),
    commentedField('place', 'long', 'Number of the record in the object, from 1. NULL means the whole object'),
    commentedField('reason', 'string', 'Why it may not enter the table'),
    commentedField('value', 'binary', 'The bytes as they came'),
  ],
}

/** Collects refused records in a DuckDB table, because there may be too many for memory. */
export async function createRefusals(date: string, connection: DuckDBConnection, parts: RunParts) {
  await connection.run(
    'CREATE OR REPLACE TABLE refused (run_date VARCHAR, object VARCHAR, place BIGINT, reason VARCHAR, value BLOB)',
  )
  let count = 0
  return {
    count: () => count,
    async add(records: readonly RefusedRecord[]): Promise<void> {
      if (records.length === 0) return
      const file = join(parts.workFolder, `${parts.runtime.uuid()}.refused.jsonl`)
      const lines = records.map((record) =>
        JSON.stringify({ ...record, value: record.value && Buffer.from(record.value).toString('base64') }),
      )
      await writeFile(file, lines.join('\n'))
      const longest = lines.reduce((most, { length }) => Math.max(most, length), 0)
      await connection.run(`INSERT INTO refused SELECT ${quoteText(date)}, object, place, reason, from_base64(value)
        FROM read_json(${quoteText(file)}, format = 'newline_delimited', records = true, maximum_object_size = ${2 * longest + SPARE_BYTES},
          columns = {object: 'VARCHAR', place: 'BIGINT', reason: 'VARCHAR', value: 'VARCHAR'})`)
      await rm(file, { force: true })
      count += records.length
    },
  }
}

export type Refusals = Awaited<ReturnType<typeof createRefusals>>

const SPARE_BYTES = 1 << 20
