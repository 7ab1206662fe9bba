import { isUtf8 } from 'node:buffer'
import { endBefore, type JoinedValues, joinValues, MillraceError, valueAt } from '@millrace/base'

/** What the lines of a file do not say of its records, by the index of the record. */
export interface OddValues {
  /** Tombstones. They have no line. */
  readonly nulls?: readonly number[]
  /** Records without a byte. They have no line. */
  readonly empty?: readonly number[]
  /** Line breaks, which are spaces in the lines: the record, then where; -1 - where for a carriage return. */
  readonly breaks?: readonly (readonly number[])[]
  /** Bytes that are no text, in base64. They have no line. */
  readonly kept?: readonly (readonly [index: number, base64: string])[]
  /** Bytes that are no text, in files that mostly hold such: their lines are JSON strings in base64. */
  readonly coded?: readonly number[]
}

/** The lines of records, each ended by a newline, and what is odd about them. */
export interface Lines {
  readonly bytes: Uint8Array
  readonly odd: OddValues
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20

/** Writes values as lines. Lines of text without breaks are the bytes as they are; `decodeLines` gives back the rest. */
export function encodeLines(blocks: readonly JoinedValues[]): Lines {
  if (blocks.every(isPlain)) return { bytes: Buffer.concat(blocks.map(({ bytes }) => bytes)), odd: {} }
  const values = blocks.flatMap((block) => Array.from({ length: block.count }, (_, i) => valueAt(block, i)))
  const codes = isMostlyBinary(values)
  const [nulls, empty, coded]: number[][] = [[], [], []]
  const breaks: number[][] = []
  const kept: [number, string][] = []
  const lines: Uint8Array[] = []
  for (const [i, value] of values.entries()) {
    if (value === null) nulls?.push(i)
    else if (value.length === 0) empty?.push(i)
    else if (isUtf8(value)) lines.push(withoutBreaks(value, i, breaks))
    else if (codes) {
      coded?.push(i)
      lines.push(Buffer.from(JSON.stringify(Buffer.from(value).toString('base64'))))
    } else kept.push([i, Buffer.from(value).toString('base64')])
  }
  const all = { nulls, empty, breaks, kept, coded }
  const odd = Object.fromEntries(Object.entries(all).filter(([, of]) => of?.length)) as OddValues
  return { bytes: joinValues(lines).bytes, odd }
}

/** Whether the bytes of the block are its lines. */
function isPlain({ bytes, traits, ends }: JoinedValues): boolean {
  if (traits.nulls || traits.lineBreaks || !isUtf8(bytes)) return false
  return traits.first >= 0 || ends.every((end, i) => end > endBefore(ends, i))
}

function isMostlyBinary(values: readonly (Uint8Array | null)[]): boolean {
  const some = values.filter((value) => value !== null && value.length > 0) as Uint8Array[]
  return some.filter((value) => !isUtf8(value)).length * 2 > some.length
}

function withoutBreaks(value: Uint8Array, index: number, breaks: number[][]): Uint8Array {
  const at = [...positionsOf(value, LINE_FEED), ...positionsOf(value, CARRIAGE_RETURN).map((place) => -1 - place)]
  if (at.length === 0) return value
  breaks.push([index, ...at])
  // In JSON a line break stands between tokens only, where a space means the same.
  return value.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte))
}

function positionsOf(value: Uint8Array, byte: number): number[] {
  const found: number[] = []
  for (let at = value.indexOf(byte); at !== -1; at = value.indexOf(byte, at + 1)) found.push(at)
  return found
}

/** Returns the values that were written as lines, all of them, by the bytes that they had. */
export function decodeLines(
  lines: Uint8Array,
  odd: OddValues,
  count: number,
  traits: JoinedValues['traits'],
): JoinedValues {
  const ends = endsOfLines(lines)
  if (Object.keys(odd).length === 0) {
    if (ends.length !== count) throw damaged(`${ends.length} lines, where ${count} records were written`)
    return { count, bytes: lines, ends, traits }
  }
  const none = new Set([...(odd.nulls ?? []), ...(odd.empty ?? [])])
  const nulls = new Set(odd.nulls)
  const kept = new Map(odd.kept)
  const coded = new Set(odd.coded)
  const breaks = new Map(odd.breaks?.map(([index = 0, ...at]) => [index, at]))
  if (ends.length !== count - none.size - kept.size) throw damaged(`${ends.length} lines are too few or too many`)
  let line = 0
  const values = Array.from({ length: count }, (_, i) => {
    if (none.has(i)) return nulls.has(i) ? null : new Uint8Array()
    const stored = kept.get(i)
    if (stored !== undefined) return Buffer.from(stored, 'base64')
    const value = lines.subarray(endBefore(ends, line), ends[line])
    line++
    if (coded.has(i)) return Buffer.from(JSON.parse(Buffer.from(value).toString()) as string, 'base64')
    return withBreaks(value, breaks.get(i))
  })
  return { ...joinValues(values), traits }
}

function withBreaks(value: Uint8Array, breaks: readonly number[] | undefined): Uint8Array {
  if (!breaks) return value
  const restored = Uint8Array.from(value)
  for (const at of breaks) restored[at < 0 ? -1 - at : at] = at < 0 ? CARRIAGE_RETURN : LINE_FEED
  return restored
}

function endsOfLines(lines: Uint8Array): Int32Array {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length)
  const ends: number[] = []
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) ends.push(at)
  if ((ends.at(-1) ?? -1) !== bytes.length - 1) throw damaged('the last line has no end')
  return Int32Array.from(ends)
}

function damaged(what: string): MillraceError {
  return new MillraceError('SOURCE_DAMAGED', `a file of the archive: ${what}`)
}
