import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { describe, expect } from 'vitest'
import { freshName, judgeAppend, judgeSql, judgeStats, s3Client, temporaryFolder, withServices } from '../src/index.ts'

const it = withServices('judge')

describe.each(['delta-rs', 'polars', 'pyarrow'] as const)('%s', (engine) => {
  it('tells what is in every column of a table', async ({ judge }) => {
    const table = await temporaryFolder()
    const rows = [
      { ind: 1, category: 'art', price: 0.5, at: [1, 2] },
      { ind: 2, category: null, price: 1.5, at: [3] },
    ]
    await judgeAppend(judge, { table, rows })

    expect(await judgeStats(judge, { table, engine })).toMatchObject({
      version: 0,
      rows: 2,
      files: 1,
      columns: {
        ind: { count: 2, nulls: 0, min: 1, max: 2, sum: 3 },
        category: { count: 1, nulls: 1, min: 'art', max: 'art', bytes: 3 },
        price: { min: 0.5, max: 1.5, sum: 2 },
        at: { count: 2, digest: expect.any(Number) },
      },
    })
  })

  it('reads an older version when asked to', async ({ judge }) => {
    const table = await temporaryFolder()
    await judgeAppend(judge, { table, rows: [{ ind: 1 }] })
    await judgeAppend(judge, { table, rows: [{ ind: 2 }] })

    expect(await judgeStats(judge, { table, engine, version: 0 })).toMatchObject({ version: 0, rows: 1 })
    expect(await judgeStats(judge, { table, engine })).toMatchObject({ version: 1, rows: 2 })
  })
})

it('sums 64-bit integers without wrapping around, digit for digit', async ({ judge }) => {
  const table = await temporaryFolder()
  const largest = 2 ** 53 - 1
  await judgeAppend(judge, { table, rows: Array.from({ length: 3 }, () => ({ ind: largest })) })

  expect((await judgeStats(judge, { table })).columns).toMatchObject({
    ind: { max: largest, sum: '27021597764222973' },
  })
})

it('answers SQL about a table', async ({ judge }) => {
  const table = await temporaryFolder()
  const rows = ['pin', 'geo', 'pin'].map((kind, ind) => ({ kind, ind }))
  await judgeAppend(judge, { table, rows, partitionBy: ['kind'] })

  const sql = 'SELECT kind, count(*) AS n FROM t GROUP BY kind ORDER BY kind'
  expect(await judgeSql(judge, { table, sql })).toEqual([
    { kind: 'geo', n: 1 },
    { kind: 'pin', n: 2 },
  ])
  expect((await judgeStats(judge, { table })).partitionColumns).toEqual(['kind'])
})

it('says what is wrong with a table that it cannot read', async ({ judge }) => {
  const table = await temporaryFolder()

  await expect(judgeStats(judge, { table })).rejects.toThrow(/TableNotFoundError/)
})

describe('on S3', () => {
  const itOnS3 = withServices('judge', 's3')

  itOnS3('writes a table and reads it back', async ({ judge, s3 }) => {
    const bucket = freshName('lake')
    await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
    const at = { table: `s3://${bucket}/pin`, s3 }
    await judgeAppend(judge, { ...at, rows: [{ ind: 7 }] })

    expect(await judgeStats(judge, { ...at, engine: 'delta-rs' })).toMatchObject({ rows: 1 })
    expect(await judgeStats(judge, { ...at, engine: 'polars' })).toMatchObject({ rows: 1 })
  })
})
