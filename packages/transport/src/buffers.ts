/** Large buffers that go round: making them anew for every block costs more than all the slicing. */
export interface BufferPool {
  /** At least this long, with anything in it. */
  take(size: number): Buffer
  give(buffer: Buffer): void
}

/** Smaller ones are cheap enough to make. */
const SMALLEST_KEPT = 64 << 10
/**
 * Maximum bytes of idle buffers: about what a worker has in flight, for two batches may be done at the same moment.
 * New buffers cost more than their memory: a few of them start the garbage collector.
 */
const MOST_KEPT = 56 << 20

/** An idle buffer this much larger is taken rather than a new one made: sizes vary, and each would else keep its own. */
const MOST_TIMES_LARGER = 2

export function createBufferPool(): BufferPool {
  const idle = new Map<number, Buffer[]>()
  let kept = 0
  return {
    take(size) {
      if (size < SMALLEST_KEPT) return Buffer.allocUnsafeSlow(size)
      const room = roomFor(size)
      for (let fits = room; fits <= MOST_TIMES_LARGER * room; fits = roomFor(fits + 1)) {
        const buffer = idle.get(fits)?.pop()
        if (!buffer) continue
        kept -= fits
        return buffer
      }
      return Buffer.allocUnsafeSlow(room)
    },
    give(buffer) {
      if (buffer.length < SMALLEST_KEPT || kept + buffer.length > MOST_KEPT) return
      kept += buffer.length
      const same = idle.get(buffer.length)
      if (same) same.push(buffer)
      else idle.set(buffer.length, [buffer])
    },
  }
}

/** Four sizes to each doubling: few enough to meet again, and close enough to waste little. */
function roomFor(size: number): number {
  const step = 2 ** (Math.floor(Math.log2(size)) - 2)
  return Math.ceil(size / step) * step
}
