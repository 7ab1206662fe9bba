import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { joinValues, MillraceError, type Runtime } from '@millrace/base'
import { type Engine, quoteText, readableBy } from '@millrace/engine'
import { type ObjectStore, openLake } from '@millrace/store'
import type { RawObject } from '../manifest.ts'
import { type RawBlock, rawBlocks } from './raw-blocks.ts'

/** DuckDB's readers of formats other than JSON, by file extension. CSV has no types, so its values are read as text. */
const READERS: readonly (readonly [ending: RegExp, sql: (path: string) => string])[] = [
  [/\.parquet$/i, (path) => `read_parquet(${path}, hive_partitioning = false)`],
  [/\.csv(\.gz)?$/i, (path) => `read_csv(${path}, all_varchar = true, header = true, hive_partitioning = false)`],
]

export interface ConversionParts {
  readonly engine: Engine
  readonly workFolder: string
  readonly runtime: Runtime
}

/** Reads the records of all objects. It converts CSV and Parquet to JSON first, so that the same rules clean all of them. */
export async function* blocksOf(
  store: ObjectStore,
  objects: readonly RawObject[],
  parts: ConversionParts,
): AsyncGenerator<RawBlock> {
  yield* rawBlocks(
    store,
    objects.filter(({ key }) => readerOf(key) === undefined),
  )
  for (const object of objects) if (readerOf(object.key)) yield* convertedBlocks(store, object, parts)
}

const readerOf = (key: string) => READERS.find(([ending]) => ending.test(key))?.[1]

async function* convertedBlocks(
  store: ObjectStore,
  object: RawObject,
  parts: ConversionParts,
): AsyncGenerator<RawBlock> {
  const name = `${parts.runtime.uuid()}.jsonl`
  const local = join(parts.workFolder, name)
  const connection = await parts.engine.connect()
  try {
    const rejection = await convert(store, object, local, connection)
    if (rejection !== undefined) {
      yield {
        values: joinValues([]),
        placeOf: (place) => ({ object: object.key, place }),
        rejected: [{ object, reason: rejection }],
      }
      return
    }
    const folder = await openLake(parts.workFolder)
    const { size, mtimeMs } = await stat(local)
    for await (const block of rawBlocks(folder, [{ key: name, size, modified: mtimeMs }])) {
      yield { ...block, converted: true, placeOf: (index) => ({ ...block.placeOf(index), object: object.key }) }
    }
  } finally {
    connection.closeSync()
    await rm(local, { force: true })
  }
}

/** Converts an object to JSON lines. Returns the reason if it can't be read. */
async function convert(
  store: ObjectStore,
  { key }: RawObject,
  local: string,
  connection: DuckDBConnection,
): Promise<string | undefined> {
  const { paths, release } = await readableBy(connection, store, [key])
  try {
    const from = readerOf(key)?.(quoteText(String(paths[0])))
    await connection.run(`COPY (FROM ${from}) TO ${quoteText(local)} (FORMAT json)`)
    return undefined
  } catch (error) {
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
    if (error instanceof MillraceError || !/^Invalid Input|parquet|csv/i.test(said)) throw error
    return `DuckDB can't read it: ${said}`
  } finally {
    await release()
  }
}
