import { quoteName } from '@millrace/engine'
import { columnsWithoutValues } from '../null-columns.ts'
import type { OpenOutput, OutputContext } from '../output.ts'
import { parsePostgresAddress } from './address.ts'
import { progressOf } from './progress.ts'
import { type PreparedRows, removeRows, writeRows } from './rows.ts'
import { openSession, type Session } from './session.ts'
import { addColumns, inSchema, makeTable, sizeOf, type TableName } from './table.ts'
import { upsertInto } from './upsert.ts'

export const openPostgres: OpenOutput = async (context) => {
  const address = parsePostgresAddress(context.address)
  const { host, port, database, schema } = address
  const session = openSession(address, `PostgreSQL at ${host}:${port}/${database}`)
  return postgresOutput(session, { schema, table: context.table }, context)
}

/** The clean rows in a table, and the progress of the pipeline in a table beside it, moved by the same transactions. */
export async function postgresOutput(session: Session, at: TableName, context: OutputContext) {
  const { dataset, machine } = context
  const { schema, keyed } = dataset
  const progress = progressOf(session, at, context)
  const evolves = dataset.onSchemaChange === 'evolve'
  const upsert = keyed && upsertInto(session, at, dataset, keyed)
  const name = `${at.schema}.${at.table}`
  let without: readonly string[] = []
  let size = { version: 0, rows: 0, bytes: 0 }

  /** Returns by how many rows the table has grown. */
  const store = async ({ file, files, columns, account }: PreparedRows): Promise<number> => {
    if (files === 0) return 0
    if (evolves) await addColumns(session, at, columns)
    if (upsert) return upsert.apply(file, columns)
    await session.copy(`${inSchema(at, at.table)} (${columns.map(({ name }) => quoteName(name)).join(', ')})`, file)
    return account.rows
  }
  return {
    name,
    async begin(partitions) {
      await session.drop()
      const columns = await makeTable(session, at, schema.fields, keyed?.key)
      // Columns that came with rows are not the data set's.
      without = evolves ? [] : columnsWithoutValues(name, columns, dataset, context.nullColumns)
      await upsert?.make()
      size = { ...size, ...(await sizeOf(session, at)) }
      return progress.begin(partitions)
    },
    prepare: (batch) => writeRows(batch, machine),
    // The rows are copied in the transaction that moves the progress: what came before it could be left behind.
    upload: async () => {},
    discard: (prepared) => removeRows(prepared as PreparedRows),
    async commit(prepared, advances) {
      const batch = prepared as PreparedRows | undefined
      try {
        await session.query('BEGIN')
        if (!(await progress.move(advances, batch?.account))) {
          await session.query('ROLLBACK')
          return { outcome: 'fenced' }
        }
        const grown = batch ? await store(batch) : 0
        const { rows } = await session.query('SELECT pg_current_xact_id()::text AS id')
        machine.runtime.crashPoint('before COMMIT')
        await session.query('COMMIT')
        size = {
          version: Number(rows[0]?.id),
          rows: size.rows + grown,
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
    describe: () => ({ table: name, files: 1, ...size, ...(without.length > 0 && { nullColumns: without }) }),
    close: () => session.drop(),
  } satisfies Awaited<ReturnType<OpenOutput>>
}
