/** Buffers of at most so many bytes together are kept for the next blocks. */
const MOST_KEPT = 64 << 20
const UNIT = 256 << 10

const idle: Buffer[] = []
let kept = 0

/** The buffers that hold the pages of a block. */
export interface PageMemory {
  /** Returns a buffer of so many bytes, which hold anything. */
  take(size: number): Buffer
  /** Gives the buffers back: what is in them is not used any more. */
  release(): void
  isReleased(): boolean
}

/**
 * Buffers are used again and again: new ones are found and cleared by the system, and so many bytes that come and go make
 * the garbage collector run, which costs more than all reading. Small ones are no trouble: a block of one record takes few.
 */
export function pageMemory(): PageMemory {
  const taken: Buffer[] = []
  let released = false
  return {
    isReleased: () => released,
    take(size) {
      const isSmall = size < UNIT
      const at = isSmall ? -1 : idle.findIndex(({ length }) => length >= size)
      const [found] = at < 0 ? [] : idle.splice(at, 1)
      if (found) kept -= found.length
      const buffer = found ?? Buffer.allocUnsafeSlow(isSmall ? size : Math.ceil(size / UNIT) * UNIT)
      taken.push(buffer)
      return buffer.subarray(0, size)
    },
    release() {
      released = true
      for (const buffer of taken.splice(0)) {
        if (buffer.length < UNIT || kept + buffer.length > MOST_KEPT) continue
        kept += buffer.length
        idle.push(buffer)
      }
    },
  }
}
