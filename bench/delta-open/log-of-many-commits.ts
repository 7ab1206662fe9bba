import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openTable, writeCheckpoint } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'

const SCHEMA = {
  type: 'struct',
  fields: [
    { name: 'ind', type: 'integer', nullable: true, metadata: {} },
    { name: 'title', type: 'string', nullable: true, metadata: {} },
    { name: 'at', type: 'timestamp', nullable: true, metadata: {} },
  ],
}

/** The log of a table into which a worker has committed so many times; opening it needs no data file. */
export async function writeLog(folder: string, commits: number, checkpoint: boolean): Promise<void> {
  const log = join(folder, 'table', '_delta_log')
  await mkdir(log, { recursive: true })
  await writeFile(join(log, entryName(0)), jsonLines(creation()))
  for (let version = 1; version <= commits; version++) {
    await writeFile(join(log, entryName(version)), jsonLines(append(version)))
  }
  if (checkpoint) await writeNewestCheckpoint(folder)
}

async function writeNewestCheckpoint(folder: string): Promise<void> {
  const snapshot = await openTable({ store: await openLake(folder), path: 'table' })
  if (!snapshot) throw new Error(`no table in ${folder}`)
  const engine = await openDuckDB({ files: 'all' })
  const connection = await engine.connect()
  await writeCheckpoint(snapshot, { connection, folder, runtime: systemRuntime })
  engine.close()
}

const START = Date.UTC(2024, 0, 1)

function creation(): object[] {
  const metaData = {
    id: '00000000-0000-4000-8000-000000000000',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(SCHEMA),
    partitionColumns: [],
    configuration: {},
    createdTime: START,
  }
  return [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }]
}

function append(version: number): object[] {
  const timestamp = START + version * 100
  const at = new Date(timestamp).toISOString()
  const stats = {
    numRecords: 1000,
    minValues: { ind: version * 1000, title: `a title ${version}`, at },
    maxValues: { ind: version * 1000 + 999, title: `the title ${version}`, at },
    nullCount: { ind: 0, title: 7, at: 0 },
  }
  const add = {
    path: `part-${String(version).padStart(8, '0')}-0000-4000-8000-000000000000.zstd.parquet`,
    partitionValues: {},
    size: 100_000 + version,
    modificationTime: timestamp,
    dataChange: true,
    stats: JSON.stringify(stats),
  }
  const txn = { appId: `worker/pin/${version % 6}`, version: version * 1000, lastUpdated: timestamp }
  return [{ commitInfo: { timestamp, operation: 'STREAMING UPDATE', operationParameters: {} } }, { txn }, { add }]
}

function entryName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`
}

function jsonLines(actions: readonly object[]): string {
  return actions.map((action) => `${JSON.stringify(action)}\n`).join('')
}
