/** The values of many messages as they travel: bytes, no object a message. */
export interface JoinedValues {
  readonly count: number
  /** The values one after another, each followed by a newline. */
  readonly bytes: Uint8Array
  /** Where each value ends in `bytes` (its newline is there); -1 - end for a null value (a tombstone). */
  readonly ends: Int32Array
  /** Some value is empty, blank, null, too large, or holds a line break: joining by newline would lie. */
  readonly careful: boolean
}

/** A value over this size goes the careful path: a reader of JSON may need fifty times as much memory. */
export const LARGEST_FAST_VALUE = 1 << 20

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const OPENING_BRACE = 0x7b

/** Whether this value, joined to others by newlines, is sure to be read back as the one record that it is. */
export function needsCare(value: Uint8Array | null): boolean {
  return (
    value === null ||
    value[0] !== OPENING_BRACE ||
    value.length > LARGEST_FAST_VALUE ||
    value.includes(LINE_FEED) ||
    value.includes(CARRIAGE_RETURN)
  )
}

/** Values one after another with a newline after each: the shape in which they travel. */
export function joinValues(values: readonly (Uint8Array | null)[]): JoinedValues {
  const bytes = new Uint8Array(values.reduce((size, value) => size + (value?.length ?? 0) + 1, 0))
  const ends = new Int32Array(values.length)
  let at = 0
  values.forEach((value, i) => {
    if (value) bytes.set(value, at)
    at += value?.length ?? 0
    ends[i] = value ? at : -1 - at
    bytes[at++] = LINE_FEED
  })
  return { count: values.length, bytes, ends, careful: values.some(needsCare) }
}

/** One of the values; null is a tombstone. A view, not a copy. */
export function valueAt(joined: Pick<JoinedValues, 'bytes' | 'ends'>, index: number): Uint8Array | null {
  const end = joined.ends[index]
  if (end === undefined) throw new RangeError(`no value ${index} among ${joined.ends.length}`)
  return end < 0 ? null : joined.bytes.subarray(endBefore(joined.ends, index), end)
}

/** Where value `index` starts. */
export function endBefore(ends: Int32Array, index: number): number {
  if (index === 0) return 0
  const end = ends[index - 1] ?? 0
  return (end < 0 ? -1 - end : end) + 1
}

/** Which of the values need care: as `needsCare` says, without a look at each by itself. */
export function* thoseInNeedOfCare({ count, bytes, ends }: JoinedValues): Generator<number> {
  let carriageReturn = -1
  for (let index = 0, start = 0; index < count; index++) {
    const end = endBefore(ends, index + 1) - 1
    if (carriageReturn < start) carriageReturn = next(bytes, CARRIAGE_RETURN, start)
    const broken = carriageReturn < end || next(bytes, LINE_FEED, start) < end
    const isNull = (ends[index] ?? 0) < 0
    if (broken || isNull || bytes[start] !== OPENING_BRACE || end - start > LARGEST_FAST_VALUE) yield index
    start = end + 1
  }
}

function next(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at < 0 ? bytes.length : at
}

/** Some of the values, in ascending order; neighbours are copied in one go. What asked for care still does. */
export function pickValues({ bytes, ends, careful }: JoinedValues, kept: readonly number[]): JoinedValues {
  const startOf = (index: number) => endBefore(ends, index)
  const size = kept.reduce((sum, index) => sum + startOf(index + 1) - startOf(index), 0)
  const [picked, pickedEnds] = [new Uint8Array(size), new Int32Array(kept.length)]
  let at = 0
  for (let i = 0; i < kept.length; ) {
    const first = kept[i] as number
    const start = startOf(first)
    let last = first
    for (; kept[i] === last; i++, last++) {
      const end = startOf(last + 1) - 1 - start + at
      pickedEnds[i] = (ends[last] as number) < 0 ? -1 - end : end
    }
    picked.set(bytes.subarray(start, startOf(last)), at)
    at += startOf(last) - start
  }
  return { count: kept.length, bytes: picked, ends: pickedEnds, careful }
}
