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
  expect(records).toEqual(expected)
})

const spread = fc.record({ a: fc.string({ maxLength: 5 }), b: fc.array(fc.nat(9)), c: fc.constant({ 'd}': '[\\"\n' }) })
const indented = fc
  .constantFrom(2, 4, '\t')
  .map((indent) => (value: unknown) => JSON.stringify(value, undefined, indent))
const documents = fc.tuple(
  fc.array(spread, { minLength: 1, maxLength: 4 }),
  indented,
  end,
  fc.constantFrom('objects', 'list', 'line'),
)

it('every record of documents comes once as a line: objects over many lines, lists of them over many or on one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(documents, { maxLength: 4 }), async (objects) => {
      const texts = objects.map(([records, write, end, how]) => {
        if (how === 'line') return JSON.stringify(records) + end
        return how === 'list' ? write(records) + end : records.map((each) => write(each) + end).join('')
      })
      const expected = objects.flatMap(([records], i) => records.map((each, nth) => [`${i}.json`, nth + 1, each]))
      const found = (await recordsOf(texts)).map((text) => {
        const [object, nth, ...rest] = text.split(' ')
        return [object, Number(nth), JSON.parse(rest.join(' '))]
      })
      expect(found).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

it('a record over some lines does not make documents of records that are a line each', async () => {
  expect(await recordsOf(['{"i":1}\n{"i":\n2}\n'])).toEqual(['0.json 1 {"i":1}', '0.json 2 {"i":', '0.json 3 2}'])
  expect(await recordsOf(['[{"i":1}]\n[{"i":2}]\n'])).toEqual(['0.json 1 [{"i":1}]', '0.json 2 [{"i":2}]'])
})

it('a line break in a text is not mended by making a line of its record', async () => {
  const [record] = await recordsOf(['{\n"a": "x\ny"\n}'])
  expect(record?.slice('0.json 1 '.length)).toBe('{ "a": "x\ry" }')
})

it('documents that are read in pieces lose none of their records', async () => {
  const records = Array.from({ length: 20_000 }, (_, i) => ({ i, text: 'x'.repeat(i % 900) }))
  const found = await recordsOf([JSON.stringify(records, undefined, 2)])
  expect(found.map((text) => JSON.parse(text.slice(text.indexOf('{'))))).toEqual(records)
  expect(found.map((text) => Number(text.split(' ')[1]))).toEqual(records.map((_, i) => i + 1))
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
