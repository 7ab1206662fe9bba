import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import { lakeInBucket } from '../src/bucket.ts'
import type { Benchmark, ServiceAddresses } from '../src/contract.ts'
import { BUCKET, keysOf } from './landing.ts'

const PUTS_AT_ONCE = 64

export const benchmark: Benchmark = {
  about: 'A landing on S3 with one record an object, 64 objects asked for at a time, on the same machine.',
  unit: 'objects',
  size: 30_000,
  services: ['s3'],
  reference: 'curl',
  measures: 'process',
  prepare: async ({ size, services }, input) => {
    await land(size, services.s3 ?? {})
    return input('nothing', {}, async () => {})
  },
  outputs: (output) => ({ pin: { query: `SELECT ind::INTEGER AS ind FROM (${rowsIn(output)})` } }),
}

function rowsIn(output: string): string {
  const table = join(output, 'lake/batch/pin')
  if (existsSync(table)) return `SELECT ind FROM read_parquet('${table}/*.parquet')`
  return `SELECT index AS ind FROM read_json('${join(output, 'got.jsonl')}', format = 'newline_delimited')`
}

/** Pins as Kafka Connect's S3 sink leaves them. */
async function land(size: number, s3: ServiceAddresses[string]): Promise<void> {
  const { lake, env } = await lakeInBucket(s3, BUCKET)
  Object.assign(process.env, env)
  const store = await openLake(lake, { runtime: systemRuntime })
  const waiting = keysOf(size)
  const work = async () => {
    for (let key = waiting.pop(); key; key = waiting.pop()) await store.put(key, pin(waiting.length))
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, work))
}

function pin(index: number): Buffer {
  const texts = { title: `Ten ideas for ${index}`, category: 'travel', poster_name: `Poster ${index % 50}` }
  return Buffer.from(`${JSON.stringify({ index, follower_count: `${index % 900}k`, ...texts })}\n`)
}
