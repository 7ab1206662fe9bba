import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import { reasonKind } from '@millrace/transform'
import type { Manifest } from '../manifest.ts'
import type { RunParts } from '../parts.ts'

/** A record, or a whole object, that may not enter its table. */
export interface RejectedInput {
  /** The key of the object; null where only the row is known. */
  readonly object: string | null
  /** The number of the record in the object, from 1; null for the whole object. */
  readonly place: number | null
  /** The number of the record in a list of records, from 0. */
  readonly within?: number
  readonly reason: string
  readonly value: Uint8Array | null
}

/** Returns the names of a rejected record in the quarantine: the daily run is the pipeline, its date the identity. */
function namesSql(date: string): string {
  return `'batch' AS pipeline, coalesce(object, '') AS topic, ${quoteText(date)} AS identity,
    '' AS partition, coalesce(place || coalesce('[' || within || ']', ''), '') AS "offset", place AS offset_number`
}

/** Collects rejected records in a DuckDB table, because there may be too many for memory. */
export async function collectRejected(
  { date, made }: Pick<Manifest, 'date' | 'made'>,
  connection: DuckDBConnection,
  parts: RunParts,
) {
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE rejected (object VARCHAR, place BIGINT, within BIGINT, reason VARCHAR, value BLOB)',
  )
  let count = 0
  const kinds = new Map<string, number>()
  const moment = (time: number) => `epoch_ms(${time})::TIMESTAMP AT TIME ZONE 'UTC'`
  return {
    count: () => count,
    commonest: () =>
      [...kinds]
        .map(([reason, records]) => ({ reason, records }))
        .sort((a, b) => b.records - a.records)
        .slice(0, COMMONEST),
    /** Selects them with the columns of the quarantine. */
    sql: () => `SELECT ${namesSql(date)}, ${moment(made)} AS time, reason, value, NULL::BLOB AS key, 'bad' AS state,
      ${moment(parts.runtime.now())} AS rejected_at FROM rejected`,
    async add(records: readonly RejectedInput[]): Promise<void> {
      if (records.length === 0) return
      const file = join(parts.workFolder, `${parts.runtime.uuid()}.rejected.jsonl`)
      const lines = records.map((record) =>
        JSON.stringify({ ...record, value: record.value && Buffer.from(record.value).toString('base64') }),
      )
      await writeFile(file, lines.join('\n'))
      const longest = lines.reduce((most, { length }) => Math.max(most, length), 0)
      await connection.run(`INSERT INTO rejected SELECT object, place, within, reason, from_base64(value)
        FROM read_json(${quoteText(file)}, format = 'newline_delimited', records = true, maximum_object_size = ${2 * longest + SPARE_BYTES},
          columns = {object: 'VARCHAR', place: 'BIGINT', within: 'BIGINT', reason: 'VARCHAR', value: 'VARCHAR'})`)
      await rm(file, { force: true })
      count += records.length
      for (const { reason } of records) {
        const kind = reasonKind(reason)
        if (kinds.has(kind) || kinds.size < MOST_KINDS) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
    },
  }
}

export type Rejected = Awaited<ReturnType<typeof collectRejected>>

const SPARE_BYTES = 1 << 20

const COMMONEST = 3
/** Bounds the kinds of reasons that are counted: an error that SQL raises may say anything. */
const MOST_KINDS = 1000
