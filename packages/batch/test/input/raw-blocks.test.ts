import { valueAt } from '@millrace/base'
import { openLake } from '@millrace/store'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../src/input/claims.ts'
import { rawBlocks } from '../../src/input/raw-blocks.ts'
import type { RawObject } from '../../src/manifest.ts'
import { openPlace } from '../kit.ts'

async function recordsOf(texts: readonly string[]): Promise<string[]> {
  const place = await openPlace(async () => {})
  const objects: RawObject[] = []
  for (const [i, text] of texts.entries()) {
    await place.put(`${i}.json`, text)
    objects.push({ key: `${i}.json`, size: Buffer.byteLength(text), modified: 0 })
  }
  const records: string[] = []
  for await (const { values, placeOf } of rawBlocks(await openLake(place.raw), objects)) {
    for (let i = 0; i < values.count; i++) {
      const { object, place: nth } = placeOf(i)
      records.push(
        `${object} ${nth} ${Buffer.from(valueAt(values, i) ?? [])
          .toString()
          .trimEnd()}`,
      )
    }
  }
  return records
}

const record = fc.record({ a: fc.string({ maxLength: 5 }) }).map((value) => JSON.stringify(value))
const end = fc.constantFrom('\n', '\r\n', '\n\n', '\n \n', '\n\r\n')
const object = fc.array(fc.tuple(record, end), { maxLength: 4 })

it('every record of every object comes once, by its object and its place, however lines end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(object, { maxLength: 5 }), async (objects) => {
      const expected = objects.flatMap((lines, i) => lines.map(([text], nth) => `${i}.json ${nth + 1} ${text}`))
      expect(await recordsOf(objects.map((lines) => lines.flat().join('')))).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

it('an object that is read in pieces loses none of its records', async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => JSON.stringify({ i, text: 'x'.repeat(i % 400) }))
  const expected = lines.map((line, i) => `0.json ${i + 1} ${line}`)
  const records = await recordsOf([lines.join('\n')])
  expect(records).toHaveLength(expected.length)
  expect(records.map((text) => text.split(' ')[2])).toEqual(expected.map((text) => text.split(' ')[2]))
})

describe('an object is of the data set that', () => {
  it.each([
    ['pin.jsonl', 'pin'],
    ['raw/0a1.geo/x.json', 'geo'],
    ['topics/0a1.pin/partition=0/0a1.pin+0+0000000374.json', 'pin'],
    ['streaming-0a1-user/part-0.parquet', 'user'],
    ['old/user_data.csv', undefined],
    ['pin/_temporary/x.json', undefined],
  ])('%s says', (key, dataset) => {
    expect(claimsOf(['pin', 'geo', 'user'], {})(key)).toBe(dataset)
  })

  it('is the only one, or that it was said to be', () => {
    expect(claimsOf(['pin'], {})('events/event-1.json')).toBe('pin')
    expect(claimsOf(['pin', 'geo'], { geo: ['events'] })('events/event-1.json')).toBe('geo')
  })
})
