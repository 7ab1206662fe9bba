import { join } from 'node:path'
import { judgeStats, sparkStats, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('judge', 'spark')

it('delta-rs, polars and Spark find in the tables what Millrace says is there', async ({ judge, spark }) => {
  const place = await openWorkplace()
  try {
    for (const seed of ['1', '2', '3']) {
      await place.run('ingest', '--count', '700', '--seed', seed)
      await place.run('stream', '--until-caught-up')
    }
    const [ours] = await place.sql(
      'select count(*) as rows, sum(ind) as sum, min(ind) as min, max(ind) as max, count(title) as titles, sum(follower_count) as followers from pin',
    )
    const table = join(place.folder, 'lake', 'pin')
    const answers = await Promise.all([
      judgeStats(judge, { table, engine: 'delta-rs' }),
      judgeStats(judge, { table, engine: 'polars' }),
      sparkStats(spark, { table }),
    ])
    for (const { rows, columns } of answers) {
      expect({
        rows,
        sum: Number(columns.ind?.sum),
        min: columns.ind?.min,
        max: columns.ind?.max,
        titles: columns.title?.count,
        followers: Number(columns.follower_count?.sum),
      }).toEqual(ours)
    }
  } finally {
    await place.leave()
  }
})
