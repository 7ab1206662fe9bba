import type { Feed, FeedOptions } from '../feed.ts'
import { between, chanceOf } from './chance.ts'
import { generatorFor } from './generator.ts'
import { newPage, recordsOf } from './page.ts'

/** Number of distinct records in random mode, as many as the emulator's tables hold. */
const RECORDS = 11_000

const DRAWS = 0

/** Returns an endless feed of generated records, drawn at random from `RECORDS` or numbered upwards. */
export async function generatorFeed({ datasets, datasetFolders = [], mode, seed }: FeedOptions): Promise<Feed> {
  const generators = await Promise.all(
    datasets.map(async (dataset) => ({ dataset, generator: await generatorFor(dataset, datasetFolders, seed) })),
  )
  const draws = chanceOf(seed, DRAWS, 0)
  let next = 0
  return {
    async next(most) {
      const numbers = Array.from({ length: most }, () => (mode === 'all' ? next++ : between(draws, 0, RECORDS - 1)))
      return new Map(
        generators.map(({ dataset, generator }) => {
          const page = newPage(most * generator.usualBytes)
          for (const number of numbers) generator.write(page, number)
          return [dataset, recordsOf(page)]
        }),
      )
    },
    close: async () => {},
  }
}
