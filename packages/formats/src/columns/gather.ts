import { isUtf8 } from 'node:buffer'
import type { Page } from '../block-columns.ts'
import { copyBytes, makeRoom, workMemory } from '../transcode/work-memory.ts'
import { bitBytes, LONGEST_HEAD, pageHead } from './page.ts'
import type { PageMemory } from './page-memory.ts'
import type { RowNotes } from './row-notes.ts'

/** Behind a value up to sixteen bytes are read and written. */
const BEHIND = 16

/** Gathered values of some rows: where each column's page is in the memory, and the rows with a text that is not UTF-8. */
export interface Gathered {
  readonly places: readonly Place[]
  readonly bad: ReadonlySet<number>
}

/** Where in the memory a page begins, its bits and values begin, and it ends. */
interface Place {
  readonly column: number
  readonly start: number
  readonly bits: number | undefined
  readonly values: number
  readonly end: number
  readonly present: number
}

/**
 * Gathers the noted values of some rows, column by column, behind a place of the memory from which on it is free. `list`
 * is a place with room for two numbers.
 */
export function gather(notes: RowNotes, rows: number, columns: number, free: number, list: number): Gathered {
  const work = workMemory()
  const begin = free + BEHIND
  // Values don't share bytes: together they are not longer than what is before this place.
  makeRoom(work, 2 * begin + columns * (LONGEST_HEAD + bitBytes(rows) + 4 * rows + BEHIND))
  const memory = new Uint8Array(work.memory.buffer)
  const counts = new Int32Array(work.memory.buffer, list, 2)
  const places: Place[] = []
  const bad = new Set<number>()
  for (let [column, at] = [0, begin]; column < columns; column++) {
    const bits = at + LONGEST_HEAD
    const values = bits + bitBytes(rows)
    const noted = notes.notesOf(column)
    memory.fill(0, bits, values)
    const end = work.gather(noted, notes.stride, rows, values, bits, list)
    const [present, beyondAscii] = [counts[0] as number, counts[1] as number]
    // The lengths are not there yet: zeros between the values, none of which begins or ends within a character then.
    if (beyondAscii > 0 && !isUtf8(memory.subarray(values, end))) notes.addBadTexts(column, rows, memory, bad)
    if (present === 0) continue
    work.writeLengths(noted, notes.stride, rows, values)
    const head = pageHead(rows, present, end - values)
    const start = (present < rows ? bits : values) - head.length
    memory.set(head, start)
    places.push({ column, start, bits: present < rows ? bits : undefined, values, end, present })
    at = end
  }
  return { places, bad }
}

/** Copies the pages out of the memory. */
export function copyPages({ places }: Gathered, to: PageMemory): Map<number, Page> {
  const { buffer } = workMemory().memory
  const begin = places[0]?.start ?? 0
  const whole = to.take((places.at(-1)?.end ?? begin) - begin)
  copyBytes(new Uint8Array(buffer, begin, whole.length), whole)
  return new Map(
    places.map(({ column, start, bits, values, end, present }) => [
      column,
      {
        bytes: whole.subarray(start - begin, end - begin),
        values: values - start,
        bits: bits === undefined ? undefined : whole.subarray(bits - begin, values - begin),
        present,
      },
    ]),
  )
}
