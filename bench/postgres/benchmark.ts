import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { recordsAsLines } from '../pins/as-lines.ts'
import { fileInKafka } from '../pins/in-kafka.ts'
import type { Benchmark, InputMaker } from '../src/contract.ts'
import { cleanUsersQuery } from './users.ts'

const PARTITIONS = 6

export const benchmark: Benchmark = {
  about: `Small raw users waiting in ${PARTITIONS} partitions of a real Kafka, to clean rows in a table of a real PostgreSQL on the same machine; with upsert each key comes twice.`,
  unit: 'rows',
  size: 1_000_000,
  services: ['kafka', 'postgres'],
  cases: ['append', 'upsert'],
  reference: 'millrace',
  measures: 'work',
  usesPackage: true,
  async prepare({ size, variant, services }, input) {
    const lines = variant === 'upsert' ? await usersTwice(size, input) : await recordsAsLines('user', size, input)
    const folder = await input('clean-users', { lines }, async (made) => {
      const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect()
      const users = await cleanUsersQuery(join(lines, 'users.jsonl'))
      await connection.run(`COPY (${users}) TO '${join(made, 'users.csv')}' (FORMAT csv, HEADER false)`)
      connection.closeSync()
    })
    const topic = { topic: `${variant}-user`, partitions: PARTITIONS, dataset: 'user' }
    await fileInKafka(services.kafka?.bootstrap ?? '', { ...topic, file: join(lines, 'users.jsonl') })
    return folder
  },
  outputs: (output) => ({ user: { query: `SELECT * FROM read_parquet('${output}/user.parquet/**/*.parquet')` } }),
}

/** A folder with half as many users, each of them twice: first all of them, then all of them again. */
async function usersTwice(count: number, input: InputMaker): Promise<string> {
  const half = join(await recordsAsLines('user', count / 2, input), 'users.jsonl')
  return input('users-twice', { half }, (folder) =>
    pipeline(Readable.from(twice(half)), createWriteStream(join(folder, 'users.jsonl'))),
  )
}

async function* twice(file: string): AsyncGenerator<string> {
  for (let time = 0; time < 2; time++) {
    for await (const line of createInterface(createReadStream(file))) yield `${line}\n`
  }
}
