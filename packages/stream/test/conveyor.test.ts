import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createConveyor } from '../src/epoch/conveyor.ts'

const steps = {
  depth: 3,
  prepare: async (piece: number) => piece,
  finish: async () => true,
  discard: async () => {},
  release: () => {},
  dropped: () => {},
}

describe('the conveyor', () => {
  it('finishes in the order of arrival, however long the preparing takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 12 }), async (scheduler, count) => {
        const finished: number[] = []
        const conveyor = createConveyor<number, number>({
          ...steps,
          prepare: (piece) => scheduler.schedule(Promise.resolve(piece)),
          finish: async (piece) => finished.push(piece) > 0,
        })
        const feeding = (async () => {
          for (let piece = 0; piece < count; piece++) await conveyor.push(piece)
          await conveyor.drained()
        })()
        await scheduler.waitFor(feeding)
        expect(finished).toEqual(Array.from({ length: count }, (_, i) => i))
      }),
    )
  })

  it('never holds more than its depth', async () => {
    let held = 0
    let most = 0
    const conveyor = createConveyor<number, number>({
      ...steps,
      prepare: async (piece) => {
        most = Math.max(most, ++held)
        return piece
      },
      release: () => void held--,
    })
    for (let piece = 0; piece < 20; piece++) await conveyor.push(piece)
    await conveyor.drained()
    expect(most).toBe(3)
    expect(held).toBe(0)
  })

  it('drops what is behind a piece that may not be finished, discards what was prepared of it, and releases all', async () => {
    const [finished, discarded, released]: [number[], number[], number[]] = [[], [], []]
    let dropped = 0
    const conveyor = createConveyor<number, number>({
      ...steps,
      finish: async (piece) => {
        if (piece === 2) return false
        finished.push(piece)
        return true
      },
      discard: async (prepared) => void discarded.push(prepared),
      release: (piece) => void released.push(piece),
      dropped: () => void dropped++,
    })
    for (const piece of [1, 2, 3, 4]) await conveyor.push(piece)
    await conveyor.drained()
    expect(finished).toEqual([1])
    expect(discarded).toEqual([2, 3, 4])
    expect(released).toEqual([1, 2, 3, 4])
    expect(conveyor.dropped).toBe(true)
    expect(dropped).toBe(1)
  })

  it('hands on the first failure and finishes nothing after it', async () => {
    const finished: number[] = []
    const conveyor = createConveyor<number, number>({
      ...steps,
      prepare: async (piece) => {
        if (piece === 1) throw new Error('no space')
        return piece
      },
      finish: async (piece) => finished.push(piece) > 0,
    })
    const feeding = (async () => {
      for (let piece = 0; piece < 5; piece++) await conveyor.push(piece)
      await conveyor.drained()
    })()
    await expect(feeding).rejects.toThrow('no space')
    expect(finished).toEqual([0])
  })
})
