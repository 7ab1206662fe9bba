const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Goes over the members of an object of JSON without making anything of them. It looks at brackets and texts only:
 * whether a value is well formed is found by whoever reads it.
 */
export class Members {
  bytes: Uint8Array = new Uint8Array()
  /** The name, without its quotes. */
  nameStart = 0
  nameEnd = 0
  start = 0
  end = 0
  /** Where the object ends, after its brace; -1 until it was gone over whole, and where it is no object. */
  objectEnd = -1
  private at = 0
  private limit = 0
  private isFirst = true

  /** Starts at an object that begins at `start`; says whether one begins there. */
  open(bytes: Uint8Array, start: number, limit: number): boolean {
    this.bytes = bytes
    this.limit = limit
    this.at = afterSpace(bytes, start, limit)
    this.objectEnd = -1
    this.isFirst = true
    return this.at < limit && bytes[this.at++] === OPEN_OBJECT
  }

  /** Goes to the next member; false after the last, and where there is none that can be told apart. */
  next(): boolean {
    const { bytes, limit } = this
    let at = afterSpace(bytes, this.at, limit)
    if (bytes[at] === CLOSE_OBJECT && at < limit) {
      this.objectEnd = at + 1
      return false
    }
    if (!this.isFirst) {
      if (bytes[at] !== COMMA) return false
      at = afterSpace(bytes, at + 1, limit)
    }
    this.isFirst = false
    if (bytes[at] !== QUOTE) return false
    this.nameStart = at + 1
    const name = endOfText(bytes, at, limit)
    if (name < 0) return false
    this.nameEnd = name - 1
    at = afterSpace(bytes, name, limit)
    if (bytes[at] !== COLON) return false
    this.start = afterSpace(bytes, at + 1, limit)
    this.end = endOfValue(bytes, this.start, limit)
    this.at = this.end
    return this.end > this.start
  }

  isNamed(name: Uint8Array): boolean {
    return this.nameEnd - this.nameStart === name.length && isAt(this.bytes, this.nameStart, name)
  }
}

export function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/** Returns where a value ends; -1 where it does not. */
function endOfValue(bytes: Uint8Array, start: number, limit: number): number {
  const first = bytes[start]
  if (first === QUOTE) return endOfText(bytes, start, limit)
  if (first === OPEN_OBJECT || first === OPEN_LIST) return endOfNested(bytes, start, limit)
  let at = start
  while (at < limit && !endsScalar(bytes[at] as number)) at++
  return at
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || isSpace(byte)
}

function endOfNested(bytes: Uint8Array, start: number, limit: number): number {
  for (let [at, depth] = [start, 0]; at < limit; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = endOfText(bytes, at, limit)
      if (end < 0) return -1
      at = end - 1
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) return at + 1
  }
  return -1
}

/** Goes over the elements of a list, which begins at `start`. Returns whether there is nothing else between them. */
export function* elementsOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): Generator<readonly [number, number], boolean> {
  let at = afterSpace(bytes, start + 1, end)
  if (bytes[at] === CLOSE_LIST) return at === end - 1
  while (at < end) {
    const next = endOfValue(bytes, at, end)
    if (next <= at) return false
    yield [at, next]
    at = afterSpace(bytes, next, end)
    if (bytes[at] === CLOSE_LIST) return at === end - 1
    if (bytes[at] !== COMMA) return false
    at = afterSpace(bytes, at + 1, end)
  }
  return false
}

/** Returns the place after the quote that ends a text; -1 where none does. */
function endOfText(bytes: Uint8Array, start: number, limit: number): number {
  for (let at = start + 1; at < limit; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return -1
}

export function afterSpace(bytes: Uint8Array, from: number, limit: number): number {
  let at = from
  while (at < limit && isSpace(bytes[at] as number)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
