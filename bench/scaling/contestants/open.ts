// a table of 1,000 to 100,000 versions and files opened from its checkpoint; may grow with the files
import { measureGrowth } from '../growth.ts'
import { tableOfManyCommits } from '../one-row-commits.ts'

await measureGrowth(async (versions, folder) => (await tableOfManyCommits(versions, folder)).open, 5)
