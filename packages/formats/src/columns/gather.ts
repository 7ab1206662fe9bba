import { isUtf8 } from 'node:buffer'
import type { Lengths, Page } from '../block-columns.ts'
import { copyBytes, functionsOf, makeRoom, workMemory } from '../transcode/work-memory.ts'
import { dictionaryRoom, writeDictionary } from './dictionary.ts'
import { GATHER } from './gather-functions.ts'
import type { Gathered, GatheredRows, Place, WrittenPage } from './gathered.ts'
import {
  bitBytes,
  DELTA_LENGTHS,
  differencesOf,
  differenceWidth,
  LONGEST_HEAD,
  LONGEST_LENGTHS_HEAD,
  lengthsHead,
  pageHead,
} from './page.ts'
import type { PageMemory } from './page-memory.ts'
import type { RowNotes } from './row-notes.ts'

/** Behind a value up to sixteen bytes are read and written. */
const BEHIND = 16

/** What is counted takes so many bytes. */
export const COUNT_BYTES = 16

/** Where in the memory it is free, and where it is counted. */
interface Room {
  readonly free: number
  readonly counts: number
}

/** Gathers the noted values of some rows, column by column. */
export function gather(notes: RowNotes, rows: number, columns: number, { free, counts }: Room): Gathered {
  const work = workMemory()
  const list = free + BEHIND - (free % BEHIND)
  const dictionaries = list + 4 * rows + BEHIND - ((4 * rows) % BEHIND)
  const begin = dictionaries + dictionaryRoom(rows) + BEHIND
  // Values don't share bytes: together they are not longer than what is before the room.
  makeRoom(work, begin + free + columns * frameOf(rows))
  const memory = new Uint8Array(work.memory.buffer)
  const counted = new Int32Array(work.memory.buffer, counts, COUNT_BYTES / 4)
  const gathered = { notes, rows, memory, list, dictionaries, counts, counted }
  const places: Place[] = []
  const bad = new Set<number>()
  for (let [column, at] = [0, begin]; column < columns; column++) {
    const { place, isBad } = writeDictionary(gathered, column, at) ?? writeValues(gathered, column, at)
    if (isBad) notes.addBadTexts(column, rows, memory, bad)
    if (!place) continue
    places.push(place)
    at = place.end
  }
  return { places, bad }
}

/** Returns how much a page has beside its values. */
function frameOf(rows: number): number {
  return 2 * LONGEST_HEAD + bitBytes(rows) + LONGEST_LENGTHS_HEAD + 4 * differencesOf(rows) + BEHIND
}

/** Writes the values of a column one after another, behind the lengths of all. */
function writeValues(to: GatheredRows, column: number, at: number): WrittenPage {
  const { notes, rows, memory, list, counts, counted } = to
  const bits = at + LONGEST_HEAD
  const values = at + frameOf(rows) - BEHIND
  memory.fill(0, bits, bits + bitBytes(rows))
  const { gather } = functionsOf(GATHER)
  const end = gather(notes.notesOf(column), notes.stride, rows, values, bits, list, counts)
  const [present = 0, beyondAscii = 0, split = 0, longest = 0] = counted
  // Between values there is nothing: a character must not go over from one to the next.
  const isBad = beyondAscii > 0 && (split > 0 || !isUtf8(memory.subarray(values, end)))
  if (present === 0) return { isBad }
  const { start: inner, lengths } = writeLengths(to, present, longest, values)
  const mixed = present < rows ? bitBytes(rows) : 0
  memory.copyWithin(inner - mixed, bits, bits + mixed)
  const head = pageHead(rows, present, end - inner, DELTA_LENGTHS)
  const start = inner - mixed - head.length
  memory.set(head, start)
  return {
    isBad,
    place: {
      ...{ column, start, end, present, values: values - start },
      bits: mixed > 0 ? head.length : undefined,
      lengths: { ...lengths, at: lengths.at - start },
    },
  }
}

/** Writes the lengths of values in front of them. */
function writeLengths({ list, memory }: GatheredRows, present: number, longest: number, values: number) {
  const first = new DataView(memory.buffer).getInt32(list, true)
  const width = differenceWidth(longest)
  const at = values - width * differencesOf(present)
  memory.fill(0, at + width * (present - 1), values)
  functionsOf(GATHER).differences(list, present, longest, width, at)
  const lengths: Lengths = { at, width, first, longest }
  const head = lengthsHead(present, lengths)
  const start = at - head.length
  memory.set(head, start)
  return { start, lengths }
}

/** Copies the pages out of the memory. */
export function copyPages({ places }: Gathered, rows: number, to: PageMemory): Map<number, Page> {
  const { buffer } = workMemory().memory
  const whole = to.take(places.reduce((size, { start, end }) => size + end - start, 0))
  let size = 0
  return new Map(
    places.map(({ column, start, end, bits, ...page }) => {
      const bytes = whole.subarray(size, size + end - start)
      copyBytes(new Uint8Array(buffer, start, bytes.length), bytes)
      size += bytes.length
      return [
        column,
        { ...page, bytes, bits: bits === undefined ? undefined : bytes.subarray(bits, bits + bitBytes(rows)) },
      ]
    }),
  )
}
