import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSigned, readSignedLong, readUnsigned, writeUnsigned } from '../../../src/kafka/records/varint.ts'
import { varint } from '../encode.ts'

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 }

describe('numbers of variable length', () => {
  it('reads every 32-bit number, and where it ends', () => {
    fc.assert(
      fc.property(fc.integer(INT32), (value) => {
        const bytes = varint(BigInt(value))
        const cursor = { at: 0 }
        expect(readSigned(bytes, cursor)).toBe(value)
        expect(cursor.at).toBe(bytes.length)
      }),
    )
  })

  it('reads long numbers exactly as far as a number is exact', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = varint(BigInt(value))
        const cursor = { at: 0 }
        expect(readSignedLong(bytes, cursor)).toBe(value)
        expect(cursor.at).toBe(bytes.length)
      }),
    )
  })

  it('reads back what it wrote without a sign', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (value) => {
        const bytes = Buffer.alloc(8)
        const end = writeUnsigned(bytes, 0, value)
        const cursor = { at: 0 }
        expect(readUnsigned(bytes, cursor)).toBe(value)
        expect(cursor.at).toBe(end)
      }),
    )
  })

  it('ends, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        for (const read of [readUnsigned, readSigned, readSignedLong]) {
          const cursor = { at: 0 }
          read(bytes, cursor)
          expect(cursor.at).toBeLessThanOrEqual(10)
        }
      }),
    )
  })
})
