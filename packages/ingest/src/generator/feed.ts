import { MillraceError } from '@millrace/base'
import type { Feed, FeedOptions } from '../feed.ts'
import { between, chanceOf } from './chance.ts'
import { writeGeo } from './geo.ts'
import { newPage, type Page, recordsOf } from './page.ts'
import { writePin } from './pin.ts'
import { posterOf, TABLE_POSTS } from './poster.ts'
import { writeUser } from './user.ts'

/** Writes the record of one post: always the same one for the same seed and post. */
type Writer = (page: Page, seed: number, post: number, poster: number) => void

interface Made {
  readonly write: Writer
  /** So large is a usual record. */
  readonly usualBytes: number
}

const WRITERS: Readonly<Record<string, Made>> = {
  pin: { write: writePin, usualBytes: 800 },
  geo: { write: writeGeo, usualBytes: 120 },
  user: { write: writeUser, usualBytes: 120 },
}

const DRAWS = 0

/** Posts without end: at random out of a table's worth, or numbered upwards. */
export function generatorFeed({ datasets, mode, seed }: FeedOptions): Feed {
  const writers = datasets.map((dataset) => ({ dataset, ...writerOf(dataset) }))
  const draws = chanceOf(seed, DRAWS, 0)
  let next = 0
  return {
    async next(most) {
      const posts = Array.from({ length: most }, () => (mode === 'all' ? next++ : between(draws, 0, TABLE_POSTS - 1)))
      const posters = posts.map((post) => posterOf(seed, post))
      return new Map(
        writers.map(({ dataset, write, usualBytes }) => {
          const page = newPage(most * usualBytes)
          for (const [i, post] of posts.entries()) write(page, seed, post, posters[i] as number)
          return [dataset, recordsOf(page)]
        }),
      )
    },
    close: async () => {},
  }
}

function writerOf(dataset: string): Made {
  const made = WRITERS[dataset]
  if (made) return made
  throw new MillraceError('DATASET_UNKNOWN', `the generator makes ${Object.keys(WRITERS).join(', ')}, not ${dataset}`, {
    next: 'Send records of your own with --from FILE or --from mysql://…, or name other --datasets.',
  })
}
