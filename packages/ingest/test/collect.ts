import { systemRuntime } from '@millrace/base'
import { type IngestOptions, type IngestTotals, ingest, type Sink } from '../src/index.ts'
import { TABLE_NAMES } from './mysql/database.ts'

export interface Collected {
  readonly totals: IngestTotals
  /** The records' text, by data set, in the order in which they were sent. */
  readonly records: ReadonlyMap<string, readonly string[]>
}

/** What is sent, kept in memory. */
export async function collect(
  options: Pick<IngestOptions, 'from'> & Partial<IngestOptions>,
  afterBatch: (records: ReadonlyMap<string, readonly string[]>) => Promise<unknown> = async () => {},
): Promise<Collected> {
  const records = new Map<string, string[]>()
  const stop = new AbortController()
  const to: Sink = {
    async send(batch) {
      for (const [dataset, values] of batch) {
        const texts = values.map((value) => Buffer.from(value).toString())
        records.set(dataset, [...(records.get(dataset) ?? []), ...texts])
      }
      if ((await afterBatch(records)) === 'stop') stop.abort()
    },
    close: async () => {},
  }
  const defaults = { datasets: ['pin', 'geo', 'user'], databaseTables: TABLE_NAMES, mode: 'all', seed: 1, to } as const
  const totals = await ingest({ ...defaults, ...options }, systemRuntime, stop.signal)
  return { totals, records }
}
