import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { loadDataset } from '@millrace/transform'
import type { InputMaker } from '../src/contract.ts'
import { pinsAsLines } from './as-lines.ts'
import { rawPins } from './raw.ts'

/** A folder with `pins.parquet`: so many clean pins. */
export async function cleanPins(count: number, input: InputMaker): Promise<string> {
  const lines = join(await pinsAsLines(count, input), 'pins.jsonl')
  return input('clean-pins', { lines }, async (folder) => {
    const { sql } = await loadDataset('pin')
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    await connection.run(
      `COPY (WITH raw AS (${rawPins(lines)}) ${sql}) TO '${join(folder, 'pins.parquet')}' (FORMAT parquet)`,
    )
    connection.closeSync()
    instance.closeSync()
  })
}
