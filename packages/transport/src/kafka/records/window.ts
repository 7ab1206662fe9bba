import { damaged } from './record-batch.ts'

/** The bytes unpacked last, which new ones repeat parts of; they are emitted in chunks. */
export interface Window {
  /** How many bytes fit in before the next `take`. */
  readonly room: number
  append(source: Buffer, from: number, length: number): void
  /** Appends `length` bytes again that lie `distance` bytes back. */
  repeat(distance: number, length: number): void
  /** The bytes since the last `take`. */
  take(): Buffer
}

/** The farthest that lz4, and snappy's encoders, refer back. */
const HISTORY_BYTES = 64 << 10
const CHUNK_BYTES = 256 << 10

export function createWindow(): Window {
  const bytes = Buffer.allocUnsafeSlow(HISTORY_BYTES + CHUNK_BYTES)
  let end = 0
  let taken = 0
  return {
    get room() {
      return bytes.length - end
    },
    append(source, from, length) {
      if (from + length > source.length) throw damaged('packed records end in the middle of themselves')
      source.copy(bytes, end, from, from + length)
      end += length
    },
    repeat(distance, length) {
      if (distance < 1 || distance > end) throw damaged(`packed records repeat what lies ${distance} bytes back`)
      // An overlapping copy repeats the bytes that it appended first.
      if (distance >= length) bytes.copyWithin(end, end - distance, end - distance + length)
      else for (let at = end; at < end + length; at++) bytes[at] = bytes[at - distance] as number
      end += length
    },
    take() {
      const chunk = Buffer.from(bytes.subarray(taken, end))
      if (end > HISTORY_BYTES) {
        bytes.copyWithin(0, end - HISTORY_BYTES, end)
        end = HISTORY_BYTES
      }
      taken = end
      return chunk
    },
  }
}

/** Appends in as many steps as it takes, and hands out what is full. */
export function* appendAll(window: Window, source: Buffer, from: number, length: number): Generator<Buffer> {
  for (let done = 0; done < length; ) {
    const step = Math.min(length - done, window.room)
    window.append(source, from + done, step)
    done += step
    if (window.room === 0) yield window.take()
  }
}

export function* repeatAll(window: Window, distance: number, length: number): Generator<Buffer> {
  for (let left = length; left > 0; ) {
    const step = Math.min(left, window.room)
    window.repeat(distance, step)
    left -= step
    if (window.room === 0) yield window.take()
  }
}
