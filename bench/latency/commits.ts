import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import type { ObjectStore } from '@millrace/store'

const ASK_EVERY_MS = 5

/** By a data file's key, when the commit that holds it could be read. */
export type SeenFiles = ReadonlyMap<string, number>

/** Asks for one commit after the other until so many rows are in the table, whoever writes it. */
export async function watchCommits(store: ObjectStore, table: string, rows: number): Promise<SeenFiles> {
  const seen = new Map<string, number>()
  for (let [version, left] = [0, rows]; left > 0; version++) {
    const key = `${table}/_delta_log/${String(version).padStart(20, '0')}.json`
    let bytes = await store.get(key)
    for (; !bytes; bytes = await store.get(key)) await sleep(ASK_EVERY_MS)
    const at = Date.now()
    for (const { path, stats, dataChange } of addedFiles(bytes)) {
      if (!dataChange) continue
      seen.set(`${table}/${decodeURIComponent(path)}`, at)
      left -= (JSON.parse(stats) as { numRecords: number }).numRecords
    }
  }
  return seen
}

interface AddedFile {
  readonly path: string
  readonly stats: string
  readonly dataChange: boolean
}

function addedFiles(commit: Uint8Array): AddedFile[] {
  const lines = Buffer.from(commit).toString('utf8').trim().split('\n')
  return lines.map((line) => (JSON.parse(line) as { add?: AddedFile }).add).filter((add) => add !== undefined)
}

/** By `ind`, when each row could be read. */
export async function seenRows(store: ObjectStore, files: SeenFiles, rows: number): Promise<Float64Array> {
  const { paths, release } = await store.readable([...files.keys()])
  const times = [...files.values()]
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const at = new Float64Array(rows)
  for (const [i, path] of paths.entries()) {
    const reader = await connection.runAndReadAll(`SELECT ind FROM read_parquet('${path}')`)
    for (const [ind] of reader.getRows()) at[Number(ind)] = times[i] ?? 0
  }
  connection.closeSync()
  instance.closeSync()
  await release()
  return at
}
