import type { JoinedValues } from '@millrace/base'
import type { TakeLines } from './documents.ts'

const [LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x0a, 0x0d, 0x20]

/** Returns the lines of a text that `tidyLines` has prepared. */
export function linesOf(bytes: Uint8Array): JoinedValues {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const ends: number[] = []
  let [start, longest] = [0, 0]
  let first = buffer.length > 0 ? (buffer[0] as number) : -1
  for (let end = buffer.indexOf(LINE_FEED); end >= 0; end = buffer.indexOf(LINE_FEED, start)) {
    if (buffer[start] !== first) first = -1
    longest = Math.max(longest, end - start)
    ends.push(end)
    start = end + 1
  }
  const traits = { nulls: false, lineBreaks: buffer.includes(CARRIAGE_RETURN), longest, first }
  return { count: ends.length, bytes, ends: Int32Array.from(ends), traits }
}

/** Counts the lines of such a text. */
export function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++
  return count
}

/** Takes text whose lines are records. The bytes come as they are, which `tidyLines` changes. */
export function plainLines(): TakeLines {
  let begun: Buffer | undefined
  return (piece, isLast) => {
    const bytes = begun ? Buffer.concat([begun, piece]) : piece
    const end = isLast ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1
    begun = end < bytes.length ? bytes.subarray(end) : undefined
    return bytes.subarray(0, end)
  }
}

/** Ends each line with a line feed and removes blank lines. It changes `bytes` in place. */
export function tidyLines(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf(CARRIAGE_RETURN); at >= 0; at = bytes.indexOf(CARRIAGE_RETURN, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) bytes[at] = SPACE
  }
  const ended = bytes.length === 0 || bytes.at(-1) === LINE_FEED ? bytes : Buffer.concat([bytes, NEWLINE])
  return ended[0] === LINE_FEED || BLANK_LINES.some((blank) => ended.includes(blank)) ? withoutBlankLines(ended) : ended
}

const NEWLINE = Buffer.from('\n')

const BLANK_LINES = ['\n\n', '\n \n'].map((text) => Buffer.from(text))

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (buffer[at] !== SPACE && buffer[at] !== 0x09) return false
  return true
}

function withoutBlankLines(buffer: Buffer): Buffer {
  const kept: Buffer[] = []
  let start = 0
  for (let end = buffer.indexOf(LINE_FEED); end >= 0; end = buffer.indexOf(LINE_FEED, start)) {
    if (!isBlank(buffer, start, end)) kept.push(buffer.subarray(start, end + 1))
    start = end + 1
  }
  return Buffer.concat(kept)
}
