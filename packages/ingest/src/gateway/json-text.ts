/** A JSON text that is read where it lies: values are found and checked, not built. */
export interface JsonText {
  readonly bytes: Buffer
  at: number
}

export class NotJson extends Error {}

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, DOT] = Buffer.from('"\\,:-.') as unknown as readonly [
  number,
  number,
  number,
  number,
  number,
  number,
]
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const ZERO = 0x30
const NINE = 0x39

/** An object whose members are read one by one has at most so many: a request's own, or a record's around its value. */
const MOST_MEMBERS = 1_000

/** Deeper than any record, and far from the end of the stack. */
const DEEPEST = 200

/** Bytes that a string may have unescaped. Whether they are UTF-8 is checked where the text is received. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)
const SPACE = Uint8Array.from({ length: 256 }, (_, byte) => (' \n\r\t'.includes(String.fromCharCode(byte)) ? 1 : 0))
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'))
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? 1 : 0))
const UNICODE_ESCAPE = 0x75
const WORDS = ['null', 'true', 'false'].map((word) => Buffer.from(word))

export function startsObject({ bytes, at }: JsonText): boolean {
  return bytes[at] === OPEN_BRACE
}

export function startsArray({ bytes, at }: JsonText): boolean {
  return bytes[at] === OPEN_BRACKET
}

export function startsString({ bytes, at }: JsonText): boolean {
  return bytes[at] === QUOTE
}

export function startsNull({ bytes, at }: JsonText): boolean {
  return bytes[at] === 0x6e
}

/** A text from its first value on. */
export function jsonText(bytes: Buffer): JsonText {
  const text = { bytes, at: 0 }
  skipSpace(text)
  return text
}

/** Calls `visit` at the value of each member; it has to leave the text behind that value. */
export function eachMember(text: JsonText, visit: (name: string) => void): void {
  text.at++
  skipSpace(text)
  if (took(text, CLOSE_BRACE)) return
  let count = 0
  do {
    if (++count > MOST_MEMBERS) throw new NotJson(`an object has more than ${MOST_MEMBERS} members`)
    skipSpace(text)
    const name = stringAt(text)
    skipSpace(text)
    expect(text, COLON)
    skipSpace(text)
    visit(name)
    skipSpace(text)
  } while (took(text, COMMA))
  expect(text, CLOSE_BRACE)
}

/** Does what `eachMember` does, for the elements of an array. */
export function eachElement(text: JsonText, visit: () => void): void {
  text.at++
  skipSpace(text)
  if (took(text, CLOSE_BRACKET)) return
  do {
    skipSpace(text)
    visit()
    skipSpace(text)
  } while (took(text, COMMA))
  expect(text, CLOSE_BRACKET)
}

/** The value's own bytes: a view, not a copy. */
export function valueBytes(text: JsonText): Buffer {
  const from = text.at
  skipValue(text, 0)
  return text.bytes.subarray(from, text.at)
}

export function stringAt(text: JsonText): string {
  const from = text.at
  if (text.bytes[from] !== QUOTE) throw unexpected(text)
  skipString(text)
  const inside = text.bytes.toString('utf8', from + 1, text.at - 1)
  return inside.includes('\\') ? JSON.parse(`"${inside}"`) : inside
}

export function endOfText(text: JsonText): void {
  skipSpace(text)
  if (text.at < text.bytes.length) throw unexpected(text)
}

function skipValue(text: JsonText, depth: number): void {
  const first = text.bytes[text.at] as number
  if (first === QUOTE) skipString(text)
  else if (first === OPEN_BRACE) skipObject(text, depth)
  else if (first === OPEN_BRACKET) skipArray(text, depth)
  else if (first === MINUS || isDigit(first)) skipNumber(text)
  else skipWord(text)
}

function skipObject(text: JsonText, depth: number): void {
  if (depth > DEEPEST) throw new NotJson(`it is nested deeper than ${DEEPEST} levels`)
  text.at++
  skipSpace(text)
  if (took(text, CLOSE_BRACE)) return
  do {
    skipSpace(text)
    if (text.bytes[text.at] !== QUOTE) throw unexpected(text)
    skipString(text)
    skipSpace(text)
    expect(text, COLON)
    skipSpace(text)
    skipValue(text, depth + 1)
    skipSpace(text)
  } while (took(text, COMMA))
  expect(text, CLOSE_BRACE)
}

function skipArray(text: JsonText, depth: number): void {
  if (depth > DEEPEST) throw new NotJson(`it is nested deeper than ${DEEPEST} levels`)
  eachElement(text, () => skipValue(text, depth + 1))
}

/** Where most of the bytes are. */
function skipString(text: JsonText): void {
  const { bytes } = text
  let at = text.at + 1
  for (;;) {
    while (PLAIN[bytes[at] as number] === 1) at++
    if (bytes[at] === QUOTE) break
    text.at = at
    if (bytes[at] !== BACKSLASH) throw unexpected(text)
    at += escapeLength(text)
  }
  text.at = at + 1
}

function escapeLength({ bytes, at }: JsonText): number {
  const letter = bytes[at + 1]
  if (letter !== undefined && ESCAPES.has(letter)) return 2
  if (letter === UNICODE_ESCAPE && isHex(bytes, at + 2)) return 6
  throw unexpected({ bytes, at: at + 1 })
}

function isHex(bytes: Buffer, from: number): boolean {
  for (let at = from; at < from + 4; at++) if (HEX[bytes[at] as number] !== 1) return false
  return true
}

function skipNumber(text: JsonText): void {
  const { bytes } = text
  if (bytes[text.at] === MINUS) text.at++
  if (bytes[text.at] === ZERO) text.at++
  else skipDigits(text)
  if (took(text, DOT)) skipDigits(text)
  const letter = bytes[text.at]
  if (letter !== 0x65 && letter !== 0x45) return
  text.at++
  if (bytes[text.at] === 0x2b || bytes[text.at] === MINUS) text.at++
  skipDigits(text)
}

function skipDigits(text: JsonText): void {
  const from = text.at
  while (isDigit(text.bytes[text.at])) text.at++
  if (text.at === from) throw unexpected(text)
}

function skipWord(text: JsonText): void {
  const { bytes, at } = text
  const word = WORDS.find(
    (each) => bytes.compare(each, 0, each.length, at, Math.min(at + each.length, bytes.length)) === 0,
  )
  if (!word) throw unexpected(text)
  text.at += word.length
}

function skipSpace(text: JsonText): void {
  const { bytes } = text
  let { at } = text
  // Mostly there is none.
  if ((bytes[at] as number) > 0x20) return
  while (SPACE[bytes[at] as number] === 1) at++
  text.at = at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function took(text: JsonText, byte: number): boolean {
  if (text.bytes[text.at] !== byte) return false
  text.at++
  return true
}

function expect(text: JsonText, byte: number): void {
  if (!took(text, byte)) throw unexpected(text)
}

function unexpected({ bytes, at }: JsonText): NotJson {
  const byte = bytes[at]
  return new NotJson(
    byte === undefined ? 'it ends too early' : `byte ${at} (0x${byte.toString(16)}) does not belong there`,
  )
}
