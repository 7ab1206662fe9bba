import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFetchResponse } from '../../../src/kafka/fetch/fetch-response.ts'
import { encodeFetchResponse, type TestPart } from '../encode-fetch.ts'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)

const parts: readonly TestPart[] = [
  { topic: A, index: 0, records: Buffer.from('some records') },
  { topic: A, index: 1, error: 6 },
  { topic: B, index: 0, aborted: [{ producerId: 7n, firstOffset: 2n ** 40n }], records: Buffer.alloc(0) },
  { topic: B, index: 2, divergesAt: 99n },
]

describe('a Fetch response', () => {
  it('says where each partition’s records lie, and what else the broker has to say of it', () => {
    const bytes = encodeFetchResponse(1, parts)
    const response = parseFetchResponse(bytes, true)
    expect(response.error).toBe(0)
    expect(
      response.partitions.map(({ topic, index, error, aborted, divergesAt, start, end }) => {
        return { topic, index, error, aborted, divergesAt, records: bytes.toString('utf8', start, end) }
      }),
    ).toEqual([
      { topic: A, index: 0, error: 0, aborted: [], divergesAt: undefined, records: 'some records' },
      { topic: A, index: 1, error: 6, aborted: [], divergesAt: undefined, records: '' },
      { topic: B, index: 0, error: 0, aborted: parts[2]?.aborted, divergesAt: undefined, records: '' },
      { topic: B, index: 2, error: 0, aborted: [], divergesAt: 99n, records: '' },
    ])
  })

  it('that ends too early is refused wherever it ends', () => {
    const bytes = encodeFetchResponse(1, parts)
    for (let length = 4; length < bytes.length; length++) {
      expect(() => parseFetchResponse(bytes.subarray(0, length), true), `${length} bytes`).toThrow(
        expect.objectContaining({ code: 'SOURCE_DAMAGED' }),
      )
    }
  })

  it('of any bytes at all is read or refused, and at once', () => {
    const whole = encodeFetchResponse(1, parts)
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(flips, (flips) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of flips) bytes.writeUInt8(byte, at)
        try {
          for (const { start, end } of parseFetchResponse(bytes, true).partitions) {
            expect(start).toBeLessThanOrEqual(end)
            expect(end).toBeLessThanOrEqual(bytes.length)
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'SOURCE_DAMAGED' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})
