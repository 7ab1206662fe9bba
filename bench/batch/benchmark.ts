import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { generatorFeed } from '@millrace/ingest'
import { PINTEREST } from '@millrace/testkit'
import type { Benchmark, InputMaker } from '../src/contract.ts'
import { type RowSource, tableIn } from '../src/outputs.ts'
import { placesIn } from './places.ts'

const SEED = 7
const SAMPLE = 200
const LINES_AT_ONCE = 2000
const TABLES = ['pin', 'geo', 'user'] as const

/** One post in ten is there twice. */
const SHARE_OF_POSTS = 0.9

const ANSWERS: Readonly<Record<string, string>> = {
  q1: "{country: 'VARCHAR', category: 'VARCHAR', category_count: 'BIGINT'}",
  q2: "{post_year: 'BIGINT', category: 'VARCHAR', category_count: 'BIGINT'}",
  q3a: "{country: 'VARCHAR', poster_name: 'VARCHAR', follower_count: 'BIGINT'}",
  q3b: "{country: 'VARCHAR', follower_count: 'BIGINT'}",
  q4: "{age_group: 'VARCHAR', category: 'VARCHAR', category_count: 'BIGINT'}",
  q5: "{age_group: 'VARCHAR', median_follower_count: 'DOUBLE'}",
  q6: "{post_year: 'BIGINT', number_users_joined: 'BIGINT'}",
  q7: "{post_year: 'BIGINT', median_follower_count: 'DOUBLE'}",
  q8: "{age_group: 'VARCHAR', post_year: 'BIGINT', median_follower_count: 'DOUBLE'}",
}

export const benchmark: Benchmark = {
  about:
    'The daily run: raw posts as JSON lines, as many pins as places as users, cleaned, without duplicates, into tables; then the eight questions, by the same SQL everywhere.',
  unit: 'records',
  size: 3_000_000,
  reference: 'duckdb',
  measures: 'process',
  guard: { size: 300_000, against: 'duckdb', least: 0.4 },
  prepare: ({ size }, input) => rawPosts(Math.floor(size / TABLES.length), input),
  outputs: (output) => ({
    ...Object.fromEntries(TABLES.map((name) => [name, tableIn(join(placesIn(output).tables, name))])),
    ...Object.fromEntries(Object.entries(ANSWERS).map(([id, columns]) => [id, answerIn(output, id, columns)])),
  }),
}

function answerIn(output: string, id: string, columns: string): RowSource {
  return { query: `SELECT * FROM read_json('${join(placesIn(output).answers, `${id}.json`)}', columns = ${columns})` }
}

/** A folder with pin.jsonl, geo.jsonl and user.jsonl, of so many records each. Made anew when the generator's posts change. */
async function rawPosts(count: number, input: InputMaker): Promise<string> {
  const hash = createHash('sha256')
  for (const table of TABLES) for await (const lines of linesOf(table, SAMPLE)) hash.update(lines)
  const sample = hash.digest('hex').slice(0, 8)
  return input('posts', { count, seed: SEED, sample }, async (folder) => {
    for (const table of TABLES) {
      const target = createWriteStream(join(folder, `${table}.jsonl`))
      await pipeline(Readable.from(linesOf(table, count)), target)
    }
  })
}

async function* linesOf(table: string, count: number): AsyncGenerator<Buffer> {
  const newline = Buffer.from('\n')
  const posts = Math.ceil(count * SHARE_OF_POSTS)
  for (const part of [posts, count - posts]) {
    const feed = await generatorFeed({
      datasets: [table],
      datasetFolders: [PINTEREST.datasets],
      mode: 'all',
      seed: SEED,
    })
    for (let left = part; left > 0; left -= LINES_AT_ONCE) {
      const drawn = await feed.next(Math.min(left, LINES_AT_ONCE))
      yield Buffer.concat((drawn?.get(table) ?? []).flatMap((record) => [record, newline]))
    }
  }
}
