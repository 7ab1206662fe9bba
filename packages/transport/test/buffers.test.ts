import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBufferPool } from '../src/buffers.ts'

describe('a pool of buffers', () => {
  it('gives what is asked for, and not much more', () => {
    const pool = createBufferPool()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 << 20 }), (size) => {
        const { length } = pool.take(size)
        expect(length).toBeGreaterThanOrEqual(size)
        expect(length).toBeLessThanOrEqual(size * 1.25)
      }),
    )
  })

  it('gives again what was given back, and to one at a time', () => {
    const pool = createBufferPool()
    const first = pool.take(1_000_000)
    pool.give(first)
    expect(pool.take(999_000)).toBe(first)
    expect(pool.take(999_000)).not.toBe(first)
  })

  it('gives an idle one that is larger rather than a new one, but none that is far larger', () => {
    const pool = createBufferPool()
    const idle = pool.take(1 << 20)
    pool.give(idle)
    expect(pool.take(400_000)).not.toBe(idle)
    expect(pool.take(700_000)).toBe(idle)
  })

  it('gives the smallest that is large enough', () => {
    const pool = createBufferPool()
    const [large, small] = [pool.take(1 << 20), pool.take(768 << 10)]
    pool.give(large)
    pool.give(small)
    expect(pool.take(700_000)).toBe(small)
    expect(pool.take(700_000)).toBe(large)
  })

  it('keeps no more than it may', () => {
    const pool = createBufferPool()
    const many = Array.from({ length: 100 }, () => pool.take(1 << 20))
    for (const buffer of many) pool.give(buffer)
    const again = many.map(() => pool.take(1 << 20))
    expect(again.filter((buffer) => many.includes(buffer))).toHaveLength(56)
  })
})
