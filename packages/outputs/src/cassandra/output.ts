import { MillraceError } from '@millrace/base'
import { discardStaged, type StagedFile } from '@millrace/delta'
import type { Dataset } from '@millrace/transform'
import type { CleanedBatch } from '../cleaned-batch.ts'
import type { OpenOutput, OutputContext, Prepared } from '../output.ts'
import { tableInMemory } from '../rows.ts'
import { type CassandraAddress, parseCassandraAddress } from './address.ts'
import { progressOf } from './progress.ts'
import { rowWrites } from './rows.ts'
import { openSession, type Session } from './session.ts'
import { estimatedSize, makeTable, refuseName, type TableName } from './table.ts'
import { fitsCassandra } from './types.ts'
import { boundedWrites } from './writes.ts'

/** Files with the rows of a batch, and the write timestamp of the rows. */
interface PreparedRows extends Prepared {
  readonly staged: readonly StagedFile[]
  readonly rows: number
  readonly writtenAt: number
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
  const { dataset, machine, table } = context
  const at: TableName = { keyspace: address.keyspace, table }
  refuseName(table)
  const key = keyOf(dataset, address)
  const progress = progressOf(session, at, context)
  const write = boundedWrites(machine.runtime)
  const writesOf = rowWrites(session, at, dataset.schema.fields, machine)
  let size: { version: number; rows: number; bytes: number; nullColumns?: readonly string[] }
  size = { version: 0, rows: 0, bytes: 0 }

  const name = `${at.keyspace}.${table}`
  return {
    name,
    async begin(partitions) {
      const { replication } = address
      const { fields } = dataset.schema
      await makeTable(session, at, { fields, key, replication, tombstoneSeconds: undefined })
      if (size.version === 0) size = { ...size, ...(await estimatedSize(session, at)) }
      return progress.begin(partitions)
    },
    prepare: (batch) => stageRows(batch, context),
    // Rows could be seen before it is their turn.
    upload: async () => {},
    discard: (prepared) => discard(prepared as PreparedRows),
    async commit(prepared, advances) {
      const batch = prepared as PreparedRows | undefined
      if (!(await progress.isHere(advances))) return { outcome: 'fenced' }
      if (batch && !batch.isEmpty) {
        machine.runtime.crashPoint('before the rows')
        await write(writesOf(batch.staged, batch.writtenAt))
        machine.runtime.crashPoint('after the rows')
      }
      if (!(await progress.move(advances))) return { outcome: 'fenced' }
      machine.runtime.crashPoint('after the progress')
      await discard(batch)
      size = {
        version: size.version + 1,
        rows: size.rows + (batch?.rows ?? 0),
        bytes: size.bytes + (batch?.fileBytes ?? 0),
      }
      return { outcome: 'committed', version: size.version }
    },
    maintenance: [],
    describe: () => ({ table: name, files: 1, ...size }),
    close: () => session.close(),
  } satisfies Awaited<ReturnType<OpenOutput>>
}

/** Returns the columns that tell the rows apart: Cassandra has one row for each of their values. */
function keyOf({ name, schema, keyed }: Dataset, { key, keyspace }: CassandraAddress): readonly string[] {
  const chosen = keyed?.key ?? key
  if (chosen.length === 0) {
    throw new MillraceError(
      'OUTPUT_ADDRESS',
      `the table of ${name} in ${keyspace} needs a key: Cassandra keeps one row for each`,
      {
        next: 'Name the columns that tell its rows apart as ?primaryKey=COLUMN,… in the address, or as key in the data set.',
      },
    )
  }
  const missing = chosen.find((column) => !schema.fields.some((field) => field.name === column))
  if (missing === undefined) return chosen
  throw new MillraceError('OUTPUT_ADDRESS', `the data set ${name} has no column ${missing} to be the key of its table`)
}

/** Returns SQL over clean rows: whether the output of this address can hold a row. */
export function fitsAddressed(dataset: Dataset, address: string): string {
  return fitsCassandra(dataset.schema.fields, keyOf(dataset, parseCassandraAddress(address)))
}

async function stageRows(batch: CleanedBatch, { machine }: OutputContext): Promise<PreparedRows> {
  const writtenAt = batch.messages.reduce((latest, { times }) => times.reduce((a, b) => Math.max(a, b), latest), 0)
  const staged = await batch.parquet(await tableInMemory(batch.dataset, machine))
  const rows = staged.reduce((sum, { rows }) => sum + Number(rows), 0)
  const fileBytes = staged.reduce((sum, { add }) => sum + add.size, 0)
  return { staged, rows, writtenAt, files: staged.length, fileBytes, isEmpty: rows === 0 }
}

async function discard(batch: PreparedRows | undefined): Promise<void> {
  await Promise.all((batch?.staged ?? []).map(discardStaged))
}
