/**
 * Hands over the row numbers in a 64-bit Roaring bitmap as Delta writes it: a magic number, then 32-bit bitmaps by the
 * high half of their values. Returns how many they are. Throws RangeError where the bytes are no such thing, or hold
 * more than `most` rows.
 */
export function decodeRoaring(bytes: Uint8Array, most: number, take: (row: number) => void): number {
  const cursor = cursorOver(bytes, most, take)
  const magic = cursor.u32()
  if (magic === PORTABLE) return decodePortable(cursor)
  if (magic === NATIVE) return decodeNative(cursor, cursor.u32)
  if (magic === NATIVE_BIG_ENDIAN) return decodeNative(cursor, cursor.u32BigEndian)
  throw new RangeError('not a Roaring bitmap of Delta')
}

/** Each bitmap after its high half: the format of files. */
function decodePortable(cursor: Cursor): number {
  const bitmaps = cursor.u32() + cursor.u32() * HIGH
  for (let bitmap = 0; bitmap < bitmaps; bitmap++) {
    const high = cursor.u32()
    decodeBitmap(cursor, high * HIGH)
  }
  return cursor.taken()
}

/** Decodes bitmaps that each follow their size: the inline form, also of the protocol's example. */
function decodeNative(cursor: Cursor, number: () => number): number {
  const bitmaps = number()
  for (let bitmap = 0; bitmap < bitmaps; bitmap++) {
    number()
    decodeBitmap(cursor, bitmap * HIGH)
  }
  return cursor.taken()
}

const HIGH = 2 ** 32
const PORTABLE = 1681511377
const NATIVE = 1681511376
const NATIVE_BIG_ENDIAN = 0xd0d33964
const COOKIE_WITH_RUNS = 12347
const COOKIE = 12346
const FEW_CONTAINERS = 4
const MOST_CONTAINERS = 65_536
const MOST_IN_ARRAY = 4096
const WORDS_OF_BITS = 4096

type Cursor = ReturnType<typeof cursorOver>

function cursorOver(bytes: Uint8Array, most: number, take: (row: number) => void) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [end, taken] = [0, 0]
  const next = (width: number) => {
    end += width
    return end - width
  }
  return {
    u8: () => view.getUint8(next(1)),
    u16: () => view.getUint16(next(2), true),
    u32: () => view.getUint32(next(4), true),
    u32BigEndian: () => view.getUint32(next(4)),
    skip: next,
    /** Refuses before a row too many is expanded. */
    makeRoom(more: number) {
      if (taken + more > most) throw new RangeError(`more than ${most} rows`)
    },
    take(row: number) {
      taken++
      take(row)
    },
    taken: () => taken,
  }
}

interface Container {
  readonly base: number
  readonly count: number
  readonly isRuns: boolean
}

function decodeBitmap(cursor: Cursor, high: number): void {
  for (const container of readHeader(cursor, high)) {
    if (container.isRuns) readRuns(cursor, container.base)
    else if (container.count <= MOST_IN_ARRAY) readArray(cursor, container)
    else readBits(cursor, container)
  }
}

function readHeader(cursor: Cursor, high: number): Container[] {
  const cookie = cursor.u32()
  const hasRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS
  if (!hasRuns && cookie !== COOKIE) throw new RangeError('not a 32-bit Roaring bitmap')
  const size = hasRuns ? (cookie >>> 16) + 1 : cursor.u32()
  if (size > MOST_CONTAINERS) throw new RangeError('more containers than a 32-bit bitmap has')
  const runFlags = hasRuns ? Array.from({ length: Math.ceil(size / 8) }, () => cursor.u8()) : []
  const containers = Array.from({ length: size }, (_, i) => ({
    base: high + cursor.u16() * 65536,
    count: cursor.u16() + 1,
    isRuns: (((runFlags[i >> 3] ?? 0) >> (i & 7)) & 1) === 1,
  }))
  if (!hasRuns || size >= FEW_CONTAINERS) cursor.skip(size * 4)
  return containers
}

function readRuns(cursor: Cursor, base: number): void {
  for (let runs = cursor.u16(); runs > 0; runs--) {
    const start = cursor.u16()
    const length = cursor.u16()
    cursor.makeRoom(length + 1)
    for (let i = 0; i <= length; i++) cursor.take(base + start + i)
  }
}

function readArray(cursor: Cursor, { base, count }: Container): void {
  cursor.makeRoom(count)
  for (let i = 0; i < count; i++) cursor.take(base + cursor.u16())
}

function readBits(cursor: Cursor, { base, count }: Container): void {
  cursor.makeRoom(count)
  for (let word = 0; word < WORDS_OF_BITS; word++) {
    const bits = cursor.u16()
    for (let bit = 0; bits >> bit > 0; bit++) {
      if ((bits >> bit) & 1) cursor.take(base + word * 16 + bit)
    }
  }
}
