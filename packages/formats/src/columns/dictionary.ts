import { isUtf8 } from 'node:buffer'
import { functionsOf } from '../transcode/work-memory.ts'
import { GATHER } from './gather-functions.ts'
import type { GatheredRows, WrittenPage } from './gathered.ts'
import { bitBytes, DICTIONARY, dictionaryHead, LONGEST_HEAD, numbersHead, numbersOf, pageHead } from './page.ts'

/** Fewer rows are not worth a dictionary. */
const LEAST_ROWS = 256
/** Longer values come in none. */
const LONGEST_VALUE = 64
/** There is at most one value for so many rows. */
const LEAST_REPEATS = 4

/** Returns how many bytes of memory are needed to make a dictionary of so many rows. */
export function dictionaryRoom(rows: number): number {
  return 4 * slotsOf(rows) + 8 * mostOf(rows) + bitBytes(rows)
}

function mostOf(rows: number): number {
  return Math.ceil(rows / LEAST_REPEATS)
}

function slotsOf(rows: number): number {
  return 2 ** Math.ceil(Math.log2(2 * mostOf(rows) + 1))
}

/**
 * Writes the distinct values of a column, and for each row which of them it has: the engine reads each value once, and does
 * much of the SQL once for each. Returns undefined where values do not repeat.
 */
export function writeDictionary(to: GatheredRows, column: number, start: number): WrittenPage | undefined {
  const { notes, rows, memory, list, dictionaries, counts, counted } = to
  if (rows < LEAST_ROWS) return undefined
  const { distinct, values } = functionsOf(GATHER)
  const slots = slotsOf(rows)
  const entries = dictionaries + 4 * slots
  const bits = entries + 8 * mostOf(rows)
  memory.fill(0, dictionaries, entries)
  memory.fill(0, bits, bits + bitBytes(rows))
  const noted = [notes.notesOf(column), notes.stride, rows] as const
  const count = distinct(...noted, mostOf(rows), LONGEST_VALUE, dictionaries, slots - 1, list, entries, bits, counts)
  if (count < 0) return undefined
  const present = counted[0] as number
  if (present === 0) return { isBad: false }
  const at = start + LONGEST_HEAD
  const end = values(entries, count, at)
  const head = dictionaryHead(count, end - at)
  const begin = at - head.length
  memory.set(head, begin)
  const numbers = writeNumbers(to, { present, count, bits }, end)
  return {
    // What stands between values is ASCII, as no length is above LONGEST_VALUE.
    isBad: !isUtf8(memory.subarray(at, end)),
    place: {
      ...{ column, start: begin, end: numbers.end, present },
      bits: numbers.bits && numbers.bits - begin,
      values: numbers.at - begin,
      lengths: { at: at - begin, count, width: numbers.width, size: end - begin },
    },
  }
}

/** Writes the page that says which values there are. */
function writeNumbers(
  { rows, memory, list }: GatheredRows,
  { present, count, bits }: { readonly present: number; readonly count: number; readonly bits: number },
  start: number,
) {
  const width = count <= 0x100 ? 1 : 2
  const mixed = present < rows ? bitBytes(rows) : 0
  const inner = numbersHead(present, width)
  const size = width * numbersOf(present)
  const head = pageHead(rows, present, inner.length + size, DICTIONARY)
  memory.set(head, start)
  const behindHead = start + head.length
  memory.copyWithin(behindHead, bits, bits + mixed)
  memory.set(inner, behindHead + mixed)
  const at = behindHead + mixed + inner.length
  const end = at + size
  if (width === 1) functionsOf(GATHER).narrow(list, present, at)
  else memory.copyWithin(at, list, list + width * present)
  memory.fill(0, at + width * present, end)
  return { at, end, width, bits: mixed > 0 ? behindHead : undefined }
}
