import { endBefore, type JoinedValues } from '@millrace/base'

/** Messages that are read before what is made of them is copied out: the memory for it is small, and stays warm. */
const PORTION_BYTES = 2 << 20

/** Returns the first message behind those that are read together with this one. */
export function endOfPortion(
  { ends, count }: JoinedValues,
  first: number,
  mostMessages = Number.POSITIVE_INFINITY,
): number {
  const most = endBefore(ends, first) + PORTION_BYTES
  const last = Math.min(count, first + mostMessages)
  let next = first + 1
  while (next < last && endBefore(ends, next + 1) <= most) next++
  return next
}

/** Returns bytes with room for so many more behind the first ones; `share` says how much larger all are than those read. */
export function withRoom(bytes: Buffer<ArrayBuffer>, size: number, more: number, share: number): Buffer<ArrayBuffer> {
  if (size + more <= bytes.length) return bytes
  const larger = Buffer.allocUnsafeSlow(Math.ceil((size + more) * Math.max(1, share) * SPARE))
  larger.set(bytes.subarray(0, size))
  return larger
}

/** What is not written to takes no memory. */
const SPARE = 1.1
