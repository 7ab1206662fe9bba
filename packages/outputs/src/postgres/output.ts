import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { discardStaged, type StructField } from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import type { CleanedBatch } from '../cleaned-batch.ts'
import type { OpenOutput, OutputContext, Prepared } from '../output.ts'
import { tableInMemory } from '../rows.ts'
import { parsePostgresAddress } from './address.ts'
import { progressOf } from './progress.ts'
import { openSession, type Session } from './session.ts'
import { inSchema, makeTable, sizeOf, type TableName } from './table.ts'
import { copyValue } from './types.ts'

/** A CSV file with the rows of a batch, as COPY takes them. */
interface PreparedRows extends Prepared {
  readonly file: string
  readonly rows: number
}

export const openPostgres: OpenOutput = async (context) => {
  const address = parsePostgresAddress(context.address)
  const { host, port, database, schema } = address
  const session = openSession(address, `PostgreSQL at ${host}:${port}/${database}`)
  return postgresOutput(session, { schema, table: context.table }, context)
}

/** The clean rows in a table, and the progress of the pipeline in a table beside it, moved by the same transactions. */
export async function postgresOutput(session: Session, at: TableName, context: OutputContext) {
  const { dataset, machine } = context
  const { fields } = dataset.schema
  const progress = progressOf(session, at, context)
  const into = `${inSchema(at, at.table)} (${fields.map(({ name }) => quoteName(name)).join(', ')})`
  let size = { version: 0, rows: 0, bytes: 0 }

  const name = `${at.schema}.${at.table}`
  return {
    name,
    async begin(partitions) {
      await session.drop()
      await makeTable(session, at, fields)
      size = { ...size, ...(await sizeOf(session, at)) }
      return progress.begin(partitions)
    },
    prepare: (batch) => writeRows(batch, fields, machine),
    // The rows are copied in the transaction that moves the progress: what came before it could be left behind.
    upload: async () => {},
    discard: async (prepared) => removeRows(prepared as PreparedRows),
    async commit(prepared, advances) {
      const batch = prepared as PreparedRows | undefined
      try {
        await session.query('BEGIN')
        if (!(await progress.move(advances))) {
          await session.query('ROLLBACK')
          return { outcome: 'fenced' }
        }
        if (batch && !batch.isEmpty) await session.copy(into, batch.file)
        const { rows } = await session.query('SELECT pg_current_xact_id()::text AS id')
        machine.runtime.crashPoint('before COMMIT')
        await session.query('COMMIT')
        size = {
          version: Number(rows[0]?.id),
          rows: size.rows + (batch?.rows ?? 0),
          bytes: size.bytes + (batch?.fileBytes ?? 0),
        }
      } catch (error) {
        // Whether it took effect is seen when the call is made again: the position has moved then.
        await session.drop()
        throw error
      }
      machine.runtime.crashPoint('after COMMIT')
      if (batch) await removeRows(batch)
      return { outcome: 'committed', version: size.version }
    },
    maintenance: [],
    describe: () => ({ table: name, files: 1, ...size }),
    close: () => session.drop(),
  } satisfies Awaited<ReturnType<OpenOutput>>
}

async function removeRows({ file, isEmpty }: PreparedRows): Promise<void> {
  if (!isEmpty) await rm(file, { force: true })
}

async function writeRows(batch: CleanedBatch, fields: readonly StructField[], machine: Machine): Promise<PreparedRows> {
  const { engine, workFolder, runtime } = machine
  const staged = await batch.parquet(await tableInMemory(batch.dataset, machine))
  const rows = staged.reduce((sum, { rows }) => sum + Number(rows), 0)
  if (rows === 0) return { file: '', rows, files: 0, fileBytes: 0, isEmpty: true }
  const file = join(workFolder, `${runtime.uuid()}.csv`)
  const connection = await engine.connect()
  try {
    const paths = staged.map(({ localPath }) => quoteText(localPath)).join(', ')
    await connection.run(`COPY (SELECT ${fields.map(copyValue).join(', ')} FROM read_parquet([${paths}], hive_partitioning = false))
      TO ${quoteText(file)} (FORMAT csv, HEADER false)`)
  } finally {
    connection.closeSync()
    await Promise.all(staged.map(discardStaged))
  }
  return { file, rows, files: 1, fileBytes: (await stat(file)).size, isEmpty: false }
}
