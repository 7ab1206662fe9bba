import type { DuckDBConnection } from '@duckdb/node-api'
import { joinValues, MillraceError } from '@millrace/base'
import { stageRows } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { type Dataset, DELETED, PLACE } from '@millrace/transform'
import type { Partition, Position } from '@millrace/transport'
import type { CleanedBatch } from './cleaned-batch.ts'
import { DAILY_RUN } from './daily-run.ts'
import type { Output, OutputContext } from './output.ts'
import { outputAt } from './outputs.ts'
import { readRows, tableInMemory } from './rows.ts'
import { changesInMemory, stageNewest } from './staged-changes.ts'

/** Rows that are clean already: those of one date's daily run. */
export interface ReadyRows {
  readonly date: string
  readonly attempt: number
  /** A SELECT that `connection` can run. */
  readonly sql: string
  readonly connection: DuckDBConnection
}

/**
 * Writes the rows of a date's run into an output, once: the output keeps the attempt of each date as its progress.
 * Another attempt of the date replaces rows where the output keeps one for each key, and is refused elsewhere.
 */
export async function fillOutput(context: OutputContext, ready: ReadyRows): Promise<void> {
  const kind = await outputAt(context.address)
  if (kind.takes === 'messages') {
    throw new MillraceError('OUTPUT_ADDRESS', `${context.address} takes messages as they came; a daily run has rows`)
  }
  await refuseUnfit(context, kind.fits?.(context.dataset, context.address), ready)
  const output = await kind.open(context)
  try {
    await fill(output, kind.replaces ?? false, context, ready)
  } finally {
    await output.close()
  }
}

async function refuseUnfit(
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

async function fill(output: Output, replaces: boolean, context: OutputContext, ready: ReadyRows): Promise<void> {
  const { dataset, machine } = context
  const partition = { topic: DAILY_RUN, identity: DAILY_RUN, id: ready.date }
  const to: Position = [BigInt(ready.attempt)]
  const stored = (await output.begin([partition])).positions.get(partition)
  if (stored !== undefined && Number(stored[0]) >= ready.attempt) return
  if (stored !== undefined && !replaces) {
    throw new MillraceError('RUN_ORDER', `${output.name} has the rows of ${ready.date} by an earlier attempt`, {
      next: 'Delete them and the progress of that date beside the table, or give the table a key.',
    })
  }
  const prepared = await output.prepare(await readyBatch(dataset, partition, to, ready, machine))
  await output.upload(prepared)
  const { outcome } = await output.commit(prepared, [{ partition, from: stored, to }])
  if (outcome === 'fenced') {
    await output.discard?.(prepared)
    throw new MillraceError('TABLE_CONFLICT', `another run has moved the rows of ${ready.date} in ${output.name}`)
  }
}

async function readyBatch(
  dataset: Dataset,
  partition: Partition,
  to: Position,
  { date, sql, connection }: ReadyRows,
  machine: Machine,
): Promise<CleanedBatch> {
  const { workFolder, runtime } = machine
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM (${sql})`)
  const rows = Number(counted.getRows()[0]?.[0])
  const advance = { partition, from: [0n], to, messages: 0, records: rows }
  const parquet: CleanedBatch['parquet'] = (table) => stageRows(connection, sql, table, workFolder, runtime)
  // There are no bytes: of rows that are clean only their number and time are asked. A newer date's rows are newer.
  const block = { ...joinValues([]), count: rows, times: new Float64Array(rows).fill(Date.parse(date)) }
  const batch: CleanedBatch = {
    dataset,
    advances: [advance],
    messages: [],
    records: [{ ...block, partition, from: [0n], to, offsets: new BigInt64Array(rows) }],
    parquet,
    evolving: async (table) => ({ files: await parquet(table), stagedFor: table.metadata }),
    allColumns: async () => ({
      columns: dataset.schema.fields,
      files: await parquet(await tableInMemory(dataset, machine)),
    }),
    evolvingInto: () => batch,
    async *rows() {
      yield* readRows(await parquet(await tableInMemory(dataset, machine)), machine)
    },
    async changes(_, as = dataset) {
      if (!as.keyed) throw new MillraceError('INTERNAL', `data set ${dataset.name} has no key`)
      const table = await changesInMemory(as, machine)
      const placed = `SELECT *, row_number() OVER () - 1 AS ${PLACE}, false AS ${DELETED} FROM (${sql})`
      return stageNewest(as.keyed, await stageRows(connection, placed, table, workFolder, runtime), table, machine)
    },
    report: async () => ({ rows, filtered: 0, rejected: [], unknown: { looked: 0, names: new Map() }, ledger: [] }),
    from: () => batch,
  }
  return batch
}
