import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { InputMaker } from '../src/contract.ts'
import { pinsAsLines } from './as-lines.ts'
import { cleanPinsQuery } from './raw.ts'

/** A folder with `pins.parquet`: so many clean pins. */
export async function cleanPins(count: number, input: InputMaker): Promise<string> {
  const lines = join(await pinsAsLines(count, input), 'pins.jsonl')
  return input('clean-pins', { lines }, async (folder) => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await instance.connect()
    await connection.run(`COPY (${await cleanPinsQuery(lines)}) TO '${join(folder, 'pins.parquet')}' (FORMAT parquet)`)
    connection.closeSync()
    instance.closeSync()
  })
}
