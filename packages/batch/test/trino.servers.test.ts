import { systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import { trinoSql, withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import { runBatch } from '../src/index.ts'
import { openClusterPlace, type Servers } from './cluster-place.ts'
import { jsonLines, openPlace, type Place, post, seen } from './kit.ts'
import { generateLakeTables } from './lake-tables.ts'

const it = withServices('trino', 's3')
vi.setConfig({ testTimeout: 600_000 })

const fromLake = ({ options }: Place, date: string) => {
  const { raw: _, ...fromTables } = options(date)
  return runBatch(fromTables, systemRuntime, new AbortController().signal)
}

it('over the tables that the stream wrote a cluster does what DuckDB does: the same rows, answers and counts', async ({
  trino,
  s3,
}) => {
  const places = [await openPlace(), await openClusterPlace({ trino, s3 })] as const
  const many = Array.from({ length: 300 }, (_, i) => i)
  for (const place of places) {
    const append = await generateLakeTables(place.lake)
    await append([...many, 7, 8])
    expect((await fromLake(place, '2026-01-01')).run.tables[0]).toMatchObject({
      records: 302,
      rows: 300,
      duplicates: 2,
    })
    await append([5, 301, 302, 302])
    expect((await fromLake(place, '2026-01-02')).run.tables[0]).toMatchObject({ records: 4, rows: 2, duplicates: 2 })
  }
  expect(await seen(places[1])).toEqual(await seen(places[0]))
  await expectNothingLeft(places[1].lake, trino, places[1].catalog)
})

it('raw records are cleaned on the cluster by the same SQL; what is rejected is rejected, for the same reasons', async ({
  trino,
  s3,
}) => {
  const places = [await openPlace(), await openClusterPlace({ trino, s3 })] as const
  const { pin, geo, user } = post(1)
  const hard = [
    { ...pin, index: 400, follower_count: '1.5k', title: 'No Title Data Available', category: '' },
    { ...pin, index: 401, follower_count: 'User Info Error', tag_list: 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e' },
    { ...pin, index: 402, follower_count: '3B', save_location: '', description: 'ü\n\u00a0𝄞' },
    { ...pin, index: 403, follower_count: '1,234' },
    { ...pin, index: 404, follower_count: ' 2 M', poster_name: null },
    { ...pin, index: 1.5 },
    { ...pin, index: null },
  ]
  for (const place of places) {
    await place.putPosts('one', [1, 2, 3, 3])
    await place.put('two/pin.jsonl', `${jsonLines(hard)}{"index": 5,\n`)
    await place.put('two/geo.jsonl', jsonLines([{ ...geo, ind: 400, timestamp: '2099-01-01 00:00:00' }]))
    await place.put('two/user.jsonl', jsonLines([{ ...user, ind: 400, first_name: '', age: 50 }]))
    const { run } = await place.run('2026-01-01')
    expect(run.tables).toMatchObject([
      { records: 12, rows: 8, duplicates: 1, rejected: 3 },
      { records: 5, rows: 3, duplicates: 1, rejected: 1 },
      { records: 5, rows: 4, duplicates: 1, rejected: 0 },
    ])
  }
  const reasons =
    'SELECT reason, count(*) FROM (FROM batch.pin_quarantine UNION ALL FROM batch.geo_quarantine) GROUP BY ALL ORDER BY ALL'
  expect(await places[1].rows(reasons)).toEqual(await places[0].rows(reasons))
  expect(await seen(places[1])).toEqual(await seen(places[0]))
})

/** Neither in the cluster nor in the lake. */
async function expectNothingLeft(address: string, trino: Servers['trino'], catalog: string) {
  const schemas = await trinoSql(trino, `SHOW SCHEMAS FROM ${catalog} LIKE 'millrace%'`)
  const lake = await openLake(address)
  expect({ schemas, keys: await Array.fromAsync(lake.keys('_millrace/trino/')) }).toEqual({ schemas: [], keys: [] })
}
