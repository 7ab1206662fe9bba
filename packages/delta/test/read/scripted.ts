import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { memoryStore, type Objects } from '@millrace/store'
import type { TableRef } from '../../src/index.ts'
import { commitName, logKey } from '../../src/log/log.ts'

/** A table whose log a test writes by hand, as other engines would. */
export interface Scripted {
  readonly table: TableRef
  readonly store: ObjectStore
  /** Entries from version 0 on, or from the one after the last. */
  commit(...actions: readonly object[]): number
  /** A file of the log, by its name in it. */
  put(name: string, content: string | Uint8Array, modified?: number): void
  delete(name: string): void
}

export function scripted(): Scripted {
  const objects: Objects = new Map()
  const store = memoryStore(objects)
  const table = { store, path: 'table' }
  let next = 0
  const put = (name: string, content: string | Uint8Array, modified = 0) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    objects.set(logKey(table, name), { bytes, modified })
  }
  return {
    table,
    store,
    put,
    commit(...actions) {
      put(commitName(next), actions.map((action) => `${JSON.stringify(action)}\n`).join(''))
      return next++
    },
    delete: (name) => void objects.delete(logKey(table, name)),
  }
}

export const PROTOCOL = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } }

export function metadata(schema: object = { type: 'struct', fields: [] }, more: object = {}): object {
  return {
    metaData: {
      id: 'a table',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify(schema),
      partitionColumns: [],
      configuration: {},
      ...more,
    },
  }
}

export function add(path: string, more: object = {}): object {
  return { add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, ...more } }
}

export function remove(path: string, more: object = {}): object {
  return { remove: { path, deletionTimestamp: 1, dataChange: true, ...more } }
}

/** The first entry of a table without columns, and `files` more with a file each: 1, 2, … */
export function grown(files: number): Scripted {
  const log = scripted()
  log.commit(PROTOCOL, metadata())
  for (let i = 1; i <= files; i++) log.commit(add(String(i)))
  return log
}

/** The rows of a query as a Parquet file. */
export async function parquetOf(
  connection: DuckDBConnection,
  query: string,
  options = 'COMPRESSION snappy',
): Promise<Uint8Array> {
  const path = join(tmpdir(), `millrace-${randomUUID()}.parquet`)
  try {
    await connection.run(`COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, ${options})`)
    return await readFile(path)
  } finally {
    await rm(path, { force: true })
  }
}

/** Rows of a checkpoint in SQL, with every column that Delta's own writers have. */
export const CHECKPOINT_ROWS = `
  SELECT {minReaderVersion: 1, minWriterVersion: 2} AS protocol,
    NULL::STRUCT(id VARCHAR, schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR)) AS metaData,
    NULL::STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, stats VARCHAR) AS add,
    NULL::STRUCT(path VARCHAR) AS remove, NULL::STRUCT(appId VARCHAR, version BIGINT) AS txn
  UNION ALL BY NAME SELECT {id: 'a table', schemaString: '{"type":"struct","fields":[]}', partitionColumns: [], configuration: MAP {}} AS metaData
  UNION ALL BY NAME SELECT {appId: 'big', version: 9007199254740993} AS txn
  UNION ALL BY NAME SELECT {path: 'gone'} AS remove
  UNION ALL BY NAME SELECT {path: 'kept-' || i, partitionValues: MAP {}, size: i, modificationTime: 5, stats: '{"numRecords":' || i || '}'} AS add
    FROM range(3) t(i)`
