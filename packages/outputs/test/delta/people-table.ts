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
import type { ObjectStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'

/** The keyed table of people in a lake. */
export const TABLE = 'people'

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
