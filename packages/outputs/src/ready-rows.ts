import type { DuckDBConnection } from '@duckdb/node-api'
import { joinValues, MillraceError } from '@millrace/base'
import { stageRows } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { type Dataset, DELETED, PLACE, TRUNCATED } from '@millrace/transform'
import type { CleanedBatch } from './cleaned-batch.ts'
import type { OutputContext, StoredAdvance } from './output.ts'
import { readRows, tableInMemory } from './rows.ts'
import { changesInMemory, stageNewest } from './staged-changes.ts'

/** Rows that are clean already. */
export interface ReadyRows {
  /** A SELECT that `connection` can run. */
  readonly sql: string
  /** The same as changes, with `DELETED`, where more than the rows is to be known of their keys. */
  readonly changes?: string
  readonly connection: DuckDBConnection
}

/** Refuses rows that the output cannot hold; `fits` is SQL over a row. */
export async function refuseUnfit(
  { address, table }: OutputContext,
  fits: string | undefined,
  ready: ReadyRows,
): Promise<void> {
  if (fits === undefined) return
  const reader = await ready.connection.runAndReadAll(`SELECT count(*) FROM (${ready.sql}) WHERE NOT (${fits})`)
  const unfit = Number(reader.getRows()[0]?.[0])
  if (unfit === 0) return
  throw new MillraceError('OUTPUT_REFUSED', `${address} cannot hold ${unfit} rows of ${table}`, {
    next: 'Reject such records by an expectation of the data set.',
  })
}

/**
 * Returns a batch of rows that moves these partitions. There are no bytes: of rows that are clean only their number and
 * time are asked.
 */
export async function readyBatch(
  dataset: Dataset,
  moved: readonly Omit<StoredAdvance, 'from'>[],
  time: number,
  { sql, changes, connection }: ReadyRows,
  machine: Machine,
): Promise<CleanedBatch> {
  const { workFolder, runtime } = machine
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM (${sql})`)
  const rows = Number(counted.getRows()[0]?.[0])
  const advances = moved.map(({ partition, to }, i) => {
    return { partition, from: to, to, messages: 0, records: i === 0 ? rows : 0 }
  })
  const parquet: CleanedBatch['parquet'] = (table) => stageRows(connection, sql, table, workFolder, runtime)
  const block = { ...joinValues([]), count: rows, times: new Float64Array(rows).fill(time) }
  const batch: CleanedBatch = {
    dataset,
    advances,
    messages: [],
    records: advances.slice(0, 1).map(({ partition, from, to }) => {
      return { ...block, partition, from, to, offsets: new BigInt64Array(rows) }
    }),
    parquet,
    evolving: async (table) => ({ files: await parquet(table), stagedFor: table.metadata }),
    allColumns: async () => ({
      columns: dataset.schema.fields,
      files: await parquet(await tableInMemory(dataset, machine)),
    }),
    async *rows() {
      yield* readRows(await parquet(await tableInMemory(dataset, machine)), machine)
    },
    async changes(_, as = dataset) {
      if (!as.keyed) throw new MillraceError('INTERNAL', `data set ${dataset.name} has no key`)
      const table = await changesInMemory(as, machine)
      const all = changes ?? `SELECT *, false AS ${DELETED} FROM (${sql})`
      const placed = `SELECT *, row_number() OVER () - 1 AS ${PLACE}, false AS ${TRUNCATED} FROM (${all})`
      return stageNewest(as.keyed, await stageRows(connection, placed, table, workFolder, runtime), table, machine)
    },
    report: async () => ({ rows, filtered: 0, rejected: [], unknown: { looked: 0, names: new Map() }, ledger: [] }),
    from: () => batch,
  }
  return batch
}
