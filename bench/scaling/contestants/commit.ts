// one row appended to a table of 1,000 to 100,000 versions and files that is kept open; nothing of it may grow
import { measureGrowth } from '../growth.ts'
import { tableOfManyCommits } from '../one-row-commits.ts'

await measureGrowth(async (versions, folder) => {
  const table = await tableOfManyCommits(versions, folder)
  let snapshot = await table.open()
  return async () => {
    snapshot = await table.appendRow(snapshot)
  }
}, 21)
