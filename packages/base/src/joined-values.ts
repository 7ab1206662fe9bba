/** The values of many messages as they travel: bytes, and not an object a message. */
export interface JoinedValues {
  readonly count: number
  /**
   * The values one after another, each followed by a newline. A value may hold newlines too: `ends` says where it ends.
   */
  readonly bytes: Uint8Array
  /** The end of each value in `bytes`, where its newline is; -1 - end for a null value (a tombstone). */
  readonly ends: Int32Array
  readonly traits: ValueTraits
}

/** Facts about all values together, found while they were joined. They hold for any selection of them too. */
export interface ValueTraits {
  /** Whether some value may be null. */
  readonly nulls: boolean
  /** Whether some value may hold a line feed or a carriage return. */
  readonly lineBreaks: boolean
  /** No value is longer. */
  readonly longest: number
  /** The byte that every value starts with; -1 where they differ, and where a value has none. */
  readonly first: number
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Joins values: one after another with a newline after each. */
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
  return { count: values.length, bytes, ends, traits: combineTraits(values.map(traitsOf)) }
}

function traitsOf(value: Uint8Array | null): ValueTraits {
  return {
    nulls: value === null,
    lineBreaks: value !== null && (value.includes(LINE_FEED) || value.includes(CARRIAGE_RETURN)),
    longest: value?.length ?? 0,
    first: value?.[0] ?? -1,
  }
}

/** Returns all values of several as one. */
export function concatValues(all: readonly JoinedValues[]): JoinedValues {
  const count = all.reduce((sum, each) => sum + each.count, 0)
  const bytes = new Uint8Array(all.reduce((sum, each) => sum + each.bytes.length, 0))
  const ends = new Int32Array(count)
  let [at, size] = [0, 0]
  for (const each of all) {
    for (const end of each.ends) ends[at++] = end < 0 ? end - size : end + size
    bytes.set(each.bytes, size)
    size += each.bytes.length
  }
  return { count, bytes, ends, traits: combineTraits(all.map(({ traits }) => traits)) }
}

/** Returns what is known of the values of several blocks together. */
export function combineTraits(all: readonly ValueTraits[]): ValueTraits {
  const first = all[0]?.first ?? -1
  return {
    nulls: all.some(({ nulls }) => nulls),
    lineBreaks: all.some(({ lineBreaks }) => lineBreaks),
    longest: all.reduce((most, { longest }) => Math.max(most, longest), 0),
    first: all.every((traits) => traits.first === first) ? first : -1,
  }
}

/** Yields what is known of each value by itself, without a search in each. */
export function* eachTraits({ count, bytes, ends }: JoinedValues): Generator<ValueTraits> {
  let carriageReturn = -1
  for (let index = 0, start = 0; index < count; index++) {
    const end = endBefore(ends, index + 1) - 1
    if (carriageReturn < start) carriageReturn = next(bytes, CARRIAGE_RETURN, start)
    yield {
      nulls: (ends[index] ?? 0) < 0,
      lineBreaks: carriageReturn < end || next(bytes, LINE_FEED, start) < end,
      longest: end - start,
      first: end > start ? (bytes[start] as number) : -1,
    }
    start = end + 1
  }
}

function next(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at < 0 ? bytes.length : at
}

/** Returns one of the values; null is a tombstone. It is a view, not a copy. */
export function valueAt(joined: Pick<JoinedValues, 'bytes' | 'ends'>, index: number): Uint8Array | null {
  const end = joined.ends[index]
  if (end === undefined) throw new RangeError(`no value ${index} among ${joined.ends.length}`)
  return end < 0 ? null : joined.bytes.subarray(endBefore(joined.ends, index), end)
}

/** Returns where value `index` starts. */
export function endBefore(ends: Int32Array, index: number): number {
  if (index === 0) return 0
  const end = ends[index - 1] ?? 0
  return (end < 0 ? -1 - end : end) + 1
}

/** Copies some of the values, in ascending order; neighbours in one go. */
export function pickValues({ bytes, ends, traits }: JoinedValues, kept: readonly number[]): JoinedValues {
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
  return { count: kept.length, bytes: picked, ends: pickedEnds, traits }
}
