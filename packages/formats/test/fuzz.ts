import { joinValues, valueAt } from '@millrace/base'
import { seededRandom } from '@millrace/testkit'
import { expect } from 'vitest'
import type { Format } from '../src/index.ts'

const BLOCKS = 1000
const MESSAGES = 1000

/** Reads a million messages changed in some bytes: each must be a record or rejected, in bounded memory. */
export async function readMutated(format: Format, samples: readonly Uint8Array[]): Promise<void> {
  const random = seededRandom(7)
  const next = (below: number) => Math.floor(random() * below)
  let records = 0
  const before = process.memoryUsage.rss()
  for (let block = 0; block < BLOCKS; block++) {
    const messages = Array.from({ length: MESSAGES }, () => {
      const message = Buffer.from(samples[next(samples.length)] as Uint8Array)
      for (let changes = next(4); changes > 0; changes--) message[next(message.length)] = next(256)
      return next(20) === 0 ? message.subarray(0, next(message.length)) : message
    })
    const joined = joinValues(messages)
    const { lines, rejected } = await format.read(joined)
    expect(lines.bytes.length).toBeLessThan(40 * joined.bytes.length)
    records += MESSAGES - rejected.length
    const gone = new Set(rejected.map(({ index }) => index))
    for (let i = 0; i < MESSAGES; i += 50) {
      const line = valueAt(lines, i)
      expect(line === null).toBe(gone.has(i))
      if (line) JSON.parse(Buffer.from(line).toString())
    }
  }
  expect(records).toBeGreaterThan((BLOCKS * MESSAGES) / 10)
  expect(process.memoryUsage.rss() - before).toBeLessThan(500e6)
}
