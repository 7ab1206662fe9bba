import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { generatorFeed } from '@millrace/ingest'
import type { InputMaker } from '../src/contract.ts'

const SEED = 7
const SAMPLE = 200
const LINES_AT_ONCE = 2000

/** A folder with `pins.jsonl`: so many raw pins of the generator. Made anew when the generator's pins change. */
export async function pinsAsLines(count: number, input: InputMaker): Promise<string> {
  const hash = createHash('sha256')
  for await (const lines of pinLines(SAMPLE)) hash.update(lines)
  const sample = hash.digest('hex').slice(0, 8)
  return input('pins', { count, seed: SEED, sample }, (folder) =>
    pipeline(Readable.from(pinLines(count)), createWriteStream(join(folder, 'pins.jsonl'))),
  )
}

async function* pinLines(count: number): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let left = count
  const newline = Buffer.from('\n')
  for await (const post of generatorFeed({ datasets: ['pin'], mode: 'all', seed: SEED })) {
    const pin = post.get('pin')
    if (pin) waiting.push(pin, newline)
    left--
    if (left === 0 || waiting.length >= 2 * LINES_AT_ONCE) {
      yield Buffer.concat(waiting)
      waiting = []
    }
    if (left === 0) return
  }
}
