import { stat } from 'node:fs/promises'
import type { CleanedBatch } from '../cleaned-batch.ts'
import { columnsWithoutValues } from '../null-columns.ts'
import type { OpenOutput, OutputContext, Prepared } from '../output.ts'
import type { StagedChanges } from '../staged-changes.ts'
import { type CassandraAddress, parseCassandraAddress } from './address.ts'
import { withKey } from './keys.ts'
import { progressOf } from './progress.ts'
import { changeWrites } from './rows.ts'
import { openSession, type Session } from './session.ts'
import { estimatedSize, type KeyedDataset, makeTable, refuseName, type TableName } from './table.ts'
import { type WriteTimes, writeTimesOf } from './write-times.ts'
import { boundedWrites } from './writes.ts'

/** A file with the newest row of each key in a batch, and the times of its records. */
interface PreparedRows extends Prepared {
  readonly changes: StagedChanges
  readonly times: WriteTimes
}

export const openCassandra: OpenOutput = async (context) => {
  const address = parseCassandraAddress(context.address)
  const session = openSession(address, `Cassandra at ${address.contactPoints.join(', ')}`)
  return cassandraOutput(session, address, context)
}

/**
 * The clean rows in a table with one row for each key, and the progress of the pipeline in a table beside it. Rows are
 * written before the progress moves: after a kill they are written again, each to the row of its key and with the same
 * write timestamp, which changes nothing. So a reader may see a row before the progress has passed its record, and
 * every key has its row once.
 */
export async function cassandraOutput(session: Session, address: CassandraAddress, context: OutputContext) {
  const { machine, table } = context
  const at: TableName = { keyspace: address.keyspace, table }
  refuseName(table)
  const dataset = withKey(context.dataset, address)
  const progress = progressOf(session, at, context)
  const write = boundedWrites(machine.runtime)
  const writesOf = changeWrites(session, at, dataset, machine)
  const name = `${at.keyspace}.${table}`
  let without: readonly string[] = []
  let size: { version: number; rows: number; bytes: number } | undefined

  return {
    name,
    async begin(partitions) {
      const columns = await makeTable(session, at, dataset, address.replication)
      without = columnsWithoutValues(name, columns, dataset, context.nullColumns)
      size ??= { version: 0, ...(await estimatedSize(session, at)) }
      return progress.begin(partitions)
    },
    prepare: (batch) => stageRows(batch, dataset),
    // Rows could be seen before it is their turn.
    upload: async () => {},
    discard: (prepared) => (prepared as PreparedRows).changes.discard(),
    async commit(prepared, advances) {
      const batch = prepared as PreparedRows | undefined
      const clocks = await progress.clocksAt(advances)
      if (!clocks) return { outcome: 'fenced' }
      const times = batch?.times.after(clocks)
      if (batch?.changes.path !== undefined && times) {
        machine.runtime.crashPoint('before the rows')
        await write(writesOf(batch.changes.path, times))
        machine.runtime.crashPoint('after the rows')
      }
      if (!(await progress.move(advances, times?.clocks ?? clocks))) return { outcome: 'fenced' }
      machine.runtime.crashPoint('after the progress')
      await batch?.changes.discard()
      const before = size ?? { version: 0, rows: 0, bytes: 0 }
      size = {
        version: before.version + 1,
        rows: before.rows + (batch?.changes.rows ?? 0),
        bytes: before.bytes + (batch?.fileBytes ?? 0),
      }
      return { outcome: 'committed', version: size.version }
    },
    maintenance: [],
    describe: () => ({
      ...{ table: name, version: 0, rows: 0, bytes: 0, files: 1, ...size },
      ...(without.length > 0 && { nullColumns: without }),
    }),
    close: () => session.close(),
  } satisfies Awaited<ReturnType<OpenOutput>>
}

async function stageRows(batch: CleanedBatch, dataset: KeyedDataset): Promise<PreparedRows> {
  const times = writeTimesOf(batch.records)
  // The same data set that the batch is cleaned by, with the expectations that the pipeline has added.
  const changes = await batch.changes(undefined, dataset)
  const fileBytes = changes.path === undefined ? 0 : (await stat(changes.path)).size
  return { changes, times, files: changes.path === undefined ? 0 : 1, fileBytes, isEmpty: changes.rows === 0 }
}
