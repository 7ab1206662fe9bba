import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { chanceOf } from './generator/chance.ts'
import { generatePost } from './generator/posts.ts'

/** Records on their way out, by data set, a bounded number at a time. */
export type Feed = AsyncIterable<ReadonlyMap<string, Uint8Array>>

export type Mode = 'random' | 'all'

export interface GeneratorOptions {
  readonly datasets: readonly string[]
  readonly mode: Mode
  readonly seed: number
}

/** How many posts the emulator's tables hold: in random mode it draws from these, so posts repeat. */
const POSTS = 11_000

/** One map a post. `all` numbers the posts upwards without end. */
export async function* generatorFeed({ datasets, mode, seed }: GeneratorOptions): Feed {
  const chance = chanceOf(seed, -1)
  const encoder = new TextEncoder()
  for (let next = 0; ; next++) {
    const post = generatePost(seed, mode === 'all' ? next : chance.between(0, POSTS - 1))
    yield new Map(
      datasets.map((dataset) => [dataset, encoder.encode(JSON.stringify(post[dataset as keyof typeof post]))]),
    )
  }
}

/** A file of one data set's records, one a line, as they stand there. */
export async function* fileFeed(path: string, dataset: string): Feed {
  const encoder = new TextEncoder()
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield new Map([[dataset, encoder.encode(line)]])
  }
}
