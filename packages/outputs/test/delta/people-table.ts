import { systemRuntime } from '@millrace/base'
import {
  commit,
  openOrCreate,
  openTable,
  optimizeTable,
  planScan,
  schemaOf,
  VALID_FROM,
  VALID_TO,
  withScan,
} from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { outputAt } from '@millrace/outputs'
import type { ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import type { Batches } from '../batches.ts'

/** The keyed table of people in a lake. */
export const TABLE = 'people'

const PARTITION = { topic: 'people', identity: 'first', id: '0' }

/** Opens the table for a pipeline, and returns what makes a batch of changes and commits it. */
export async function openWriter({ machine, dataset, batch }: Batches, store: ObjectStore, group: string) {
  const { open } = await outputAt('delta')
  const context = { address: 'delta', table: TABLE, dataset, group, machine, store, allowsAnotherGroup: true }
  const output = await open(context)
  await output.begin([PARTITION])
  await output.commit(undefined, [{ partition: PARTITION, from: undefined, to: [0n] }])
  await output.begin([PARTITION])
  let position = 0
  return async (...values: readonly string[]) => {
    const prepared = await output.prepare(batch(group, { partition: PARTITION, from: position, values }))
    const to = position + values.length
    await output.commit(prepared, [{ partition: PARTITION, from: [BigInt(position)], to: [BigInt(to)] }])
    position = to
  }
}

/** Creates the table so that its rows may be marked as deleted. */
export async function createWithVectors(store: ObjectStore, { schema, keyed, layout }: Dataset): Promise<void> {
  const ends = [VALID_FROM, VALID_TO].map((name) => ({ name, type: 'long', nullable: true, metadata: {} }))
  const fields = [...schema.fields, ...(keyed?.mode === 'history' ? ends : [])]
  const wanted = { schema: { ...schema, fields }, partitionColumns: layout?.partitionBy ?? [] }
  const table = await openOrCreate({ store, path: TABLE }, wanted, systemRuntime)
  const features = {
    readerFeatures: ['deletionVectors'],
    writerFeatures: ['deletionVectors', 'appendOnly', 'invariants'],
  }
  const configuration = { ...table.metadata.configuration, 'delta.enableDeletionVectors': 'true' }
  const protocol = { minReaderVersion: 3, minWriterVersion: 7, ...features }
  const metadata = { ...table.metadata, configuration }
  await commit(table, { operation: 'SET TBLPROPERTIES', protocol, metadata }, systemRuntime)
}

export async function optimizePeople(store: ObjectStore, { engine, workFolder: folder }: Machine): Promise<void> {
  const table = await openTable({ store, path: TABLE })
  if (!table) return
  const connection = await engine.connect()
  try {
    await optimizeTable(table, { connection, folder, runtime: systemRuntime }, { sortBy: ['id'] })
  } finally {
    connection.closeSync()
  }
}

/** Returns the rows as texts, such as `1: Ann (5)`, or `1: Ann (5) from 5 to 8` where all versions are kept; in order. */
export async function peopleIn(store: ObjectStore, { engine }: Machine): Promise<unknown[]> {
  const table = await openTable({ store, path: TABLE })
  if (!table) return []
  const connection = await engine.connect()
  try {
    const isHistory = schemaOf(table.metadata).fields.some(({ name }) => name === VALID_FROM)
    const ends = isHistory ? `, ' from ', ${VALID_FROM}, ' to ', coalesce(${VALID_TO}::VARCHAR, 'now')` : ''
    const reader = await withScan(planScan(table), connection, (rows) =>
      connection.runAndReadAll(`SELECT concat(id, ': ', name, ' (', seq, ')'${ends}) FROM (${rows}) ORDER BY id, seq`),
    )
    return reader.getRows().map(([text]) => text)
  } finally {
    connection.closeSync()
  }
}
