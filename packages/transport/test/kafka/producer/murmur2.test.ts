import { murmur2 as ofTheLibrary } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2 } from '../../../src/kafka/producer/murmur2.ts'

// As Kafka's own test of its Java producer has them.
it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %j as Java does', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash)
})

it('hashes as the client library does', () => {
  const same = fc.property(
    fc.uint8Array({ maxLength: 40 }),
    (bytes) => murmur2(bytes) === ofTheLibrary(Buffer.from(bytes)),
  )
  fc.assert(same)
})

it('hashes a key as large as a message may be', () => {
  expect(murmur2(Buffer.alloc(16 << 20, 'key'))).toBe(murmur2(Buffer.alloc(16 << 20, 'key')))
})
