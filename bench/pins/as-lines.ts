import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { generatorFeed } from '@millrace/ingest'
import { PINTEREST } from '@millrace/testkit'
import type { InputMaker } from '../src/contract.ts'

const SEED = 7
const SAMPLE = 200
const LINES_AT_ONCE = 2000

/** A folder with `pins.jsonl`: so many raw pins of the generator. Made anew when the generator's pins change. */
export function pinsAsLines(count: number, input: InputMaker): Promise<string> {
  return recordsAsLines('pin', count, input)
}

/** A folder with so many raw records of a data set of the generator, in a file such as `users.jsonl`. */
export async function recordsAsLines(dataset: 'pin' | 'user', count: number, input: InputMaker): Promise<string> {
  const hash = createHash('sha256')
  for await (const lines of recordLines(dataset, SAMPLE)) hash.update(lines)
  const sample = hash.digest('hex').slice(0, 8)
  return input(`${dataset}s`, { count, seed: SEED, sample }, (folder) =>
    pipeline(Readable.from(recordLines(dataset, count)), createWriteStream(join(folder, `${dataset}s.jsonl`))),
  )
}

async function* recordLines(dataset: string, count: number): AsyncGenerator<Buffer> {
  const newline = Buffer.from('\n')
  const options = { datasets: [dataset], datasetFolders: [PINTEREST.datasets] }
  const feed = await generatorFeed({ ...options, mode: 'all', seed: SEED })
  for (let left = count; left > 0; left -= LINES_AT_ONCE) {
    const posts = await feed.next(Math.min(left, LINES_AT_ONCE))
    yield Buffer.concat((posts?.get(dataset) ?? []).flatMap((record) => [record, newline]))
  }
}
