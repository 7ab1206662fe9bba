import fc from 'fast-check'
import { expect, it } from 'vitest'
import { unpackAggregate } from '../../src/kinesis/aggregate.ts'
import { pack } from './pack.ts'

const record = fc.record(
  {
    partitionKey: fc.string({ minLength: 1, unit: 'binary' }),
    explicitHashKey: fc.bigInt(0n, 2n ** 128n - 1n).map(String),
    data: fc.uint8Array({ maxLength: 300 }),
  },
  { requiredKeys: ['partitionKey', 'data'] },
)

it('opens every pack of the Producer Library, record by record', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 300 }), (records) => {
      const found = unpackAggregate(pack(records))
      expect(found?.map(({ index }) => index)).toEqual(records.map((_, i) => i))
      expect(found?.map(({ partitionKey }) => partitionKey)).toEqual(records.map(({ partitionKey }) => partitionKey))
      expect(found?.map((one) => one.explicitHashKey)).toEqual(records.map((one) => one.explicitHashKey))
      expect(found?.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
        records.map(({ data }) => Buffer.from(data).toString('hex')),
      )
    }),
    { numRuns: 50 },
  )
})

it('takes what is no pack, or a damaged one, for a record as it stands', () => {
  const whole = pack([{ partitionKey: 'k', data: Buffer.from('{"a":1}') }])
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Uint8Array.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ change
      expect(unpackAggregate(damaged)).toBeUndefined()
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(unpackAggregate(bytes)).toBeUndefined()))
})
