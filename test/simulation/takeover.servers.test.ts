import { join } from 'node:path'
import { type HttpAddress, sparkSql, temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openFeed } from './feed.ts'
import { expectEnd, startWorker } from './worker-process.ts'

const it = withServices('spark')

const TABLE = '0a1b2c_pin_table'

/** As a notebook of the users does it: in their own order, with a column of their own, and one of ours not there yet. */
async function fillBySpark(spark: HttpAddress, table: string): Promise<void> {
  const columns = `unique_id STRING, title STRING, ind INT, description STRING, follower_count INT, poster_name STRING,
    tag_list STRING, is_image_or_video STRING, image_src STRING, save_location STRING, loaded_by STRING`
  await sparkSql(
    spark,
    `CREATE TABLE ${table} (${columns}) USING DELTA TBLPROPERTIES ('made.by' = 'a notebook', 'millrace.addsColumns' = 'true')`,
  )
  for (const from of [0, 100, 200]) {
    await sparkSql(
      spark,
      `INSERT INTO ${table} SELECT 'id-' || id, 'a pin', id, NULL, 3000, 'somebody', 'a,b', 'image', NULL, '/data', 'spark'
       FROM (SELECT CAST(-1 - id AS INT) AS id FROM range(${from}, ${from + 100}))`,
    )
  }
}

it('a table that Spark made and filled is taken over: appended to once, through two kills, and read back by Spark', async ({
  spark,
}) => {
  const folder = await temporaryFolder()
  const lake = join(folder, 'lake')
  const table = `delta.\`${join(lake, TABLE)}\``
  await fillBySpark(spark, table)
  const topic = { source: `embedded:${join(folder, 'stream.db')}`, topic: '0a1b2c.pin', partitions: 1 }
  const feed = await openFeed(topic, (index) =>
    JSON.stringify({ index, unique_id: `id-${index}`, follower_count: '9k', category: 'art' }),
  )
  const orders = {
    ...{ source: topic.source, lake, topic: topic.topic, group: 'takeover', dataset: 'pin', table: TABLE },
    ...{
      limits: { maxBytes: 2_000, maxRows: 20, everyMs: 5 },
      untilCaughtUp: true,
      nullColumns: ['loaded_by'],
      haste: 1,
      events: [],
      temporaryFolder: folder,
    },
  }
  for (const point of ['committed', 'quarantined']) {
    await feed.send(200)
    await expectEnd(startWorker({ ...orders, events: [{ point, time: 1, outcome: 'dies' }] }), 'SIGKILL')
    // Nobody stopped the notebook.
    await sparkSql(spark, `INSERT INTO ${table} (ind, loaded_by) VALUES (NULL, 'spark, meanwhile')`)
  }
  await expectEnd(startWorker(orders), 0)
  await feed.close()

  const counted = await sparkSql(
    spark,
    `SELECT coalesce(loaded_by, 'us') AS by, count(*) AS n, count(DISTINCT ind) AS inds, sum(ind) AS sum,
       count(category) AS categories, min(follower_count) AS followers
     FROM ${table} GROUP BY 1 ORDER BY 1`,
  )
  const sum = feed.sent.good.reduce((total, ind) => total + ind, 0)
  const ours = feed.sent.good.length
  expect(counted).toEqual([
    { by: 'spark', n: 300, inds: 300, sum: -45_150, categories: 0, followers: 3000 },
    { by: 'spark, meanwhile', n: 2, inds: 0, sum: null, categories: 0, followers: null },
    { by: 'us', n: ours, inds: ours, sum, categories: ours, followers: 9000 },
  ])
  const rejected = await sparkSql(
    spark,
    `SELECT CAST(value AS STRING) AS value FROM delta.\`${join(lake, TABLE)}_quarantine\` ORDER BY 1`,
  )
  expect(rejected.map(({ value }) => value)).toEqual(feed.sent.bad.toSorted())
  expect(await sparkSql(spark, `SHOW TBLPROPERTIES ${table} ('made.by')`)).toMatchObject([{ value: 'a notebook' }])
})
