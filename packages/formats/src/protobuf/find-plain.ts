import type { RowNotes } from '../columns/row-notes.ts'
import { FALSE, LONGEST_NUMBER, WORDS_BYTES, writeNumbers, writeWords, ZERO } from '../columns/words.ts'
import { type JsonWriter, TEXT } from '../transcode/json-writer.ts'
import { functionsOf, type Program } from '../transcode/work-memory.ts'
import type { CompiledField } from './compile.ts'
import { FIND_MODULE } from './find-module.ts'
import type { ProtoField, Scalar } from './schema.ts'

interface FindFunctions {
  /** Notes the plain fields of a message, and where others are; returns 0 where it has to be looked at more closely. */
  find(table: number, tags: number, start: number, end: number, notes: number, numbers: number, found: number): number
}

const FIND: Program<FindFunctions> = { base64: FIND_MODULE, uses: TEXT }

/** As find.wat names them. */
const KINDS: Readonly<Partial<Record<Scalar, number>>> = {
  ...{ string: 1, int32: 2, uint32: 3, sint32: 4, int64: 5, sint64: 6, bool: 7 },
}
const [NO_FIELD, OTHER, HIGH] = [0, 8, 9] as const

/** A message with a higher tag is looked at more closely: the table has a place for each. */
const MOST_TAGS = 1024
const [TAG_BYTES, FOUND_BYTES] = [16, 8] as const

/** Notes the plain fields of a message, and returns where the others are: pairs of numbers, as `finderOf` finds them. */
type FindPlain = (start: number, end: number, to: JsonWriter, row: RowNotes) => Int32Array | undefined

interface PlainFinder {
  /** The fields that it does not note. */
  readonly others: readonly number[]
  /** Returns undefined where the message has to be looked at more closely. */
  readonly find: FindPlain
}

/** Returns what notes the plain fields of a message in one go, each in its column; undefined where none can be. */
export function plainFinder(fields: readonly CompiledField[], columns: readonly number[]): PlainFinder | undefined {
  const highest = Math.max(0, ...fields.flatMap((field) => field.tags))
  const tags = Math.min(MOST_TAGS, highest + 1)
  const kinds = fields.map(({ field }) => plainKind(field, fields))
  if (!kinds.some((kind) => kind !== undefined)) return undefined
  const others = [...fields.keys()].filter((i) => kinds[i] === undefined)
  const oneofs = oneofsOf(others.map((i) => (fields[i] as CompiledField).field))
  const numbers = fields.length * LONGEST_NUMBER
  const [foundAt, wordsAt] = [tags * TAG_BYTES, tags * TAG_BYTES + others.length * FOUND_BYTES]
  const reader = {
    tableBytes: wordsAt + WORDS_BYTES,
    makeTable(table: DataView, row: RowNotes) {
      const words = writeWords(table, wordsAt)
      table.setInt32(0, highest < tags ? NO_FIELD : HIGH, true)
      for (const [i, field] of fields.entries()) {
        const kind = kinds[i] ?? OTHER
        const at = kind === OTHER ? others.indexOf(i) * FOUND_BYTES : row.offsetOf(columns[i] as number)
        for (const tag of field.tags.filter((each) => each < tags)) {
          writeNumbers(table, tag * TAG_BYTES, [kind, at, (i + 1) * LONGEST_NUMBER, words])
        }
      }
      const place = table.byteOffset
      const found = new Int32Array(table.buffer, place + foundAt, 2 * others.length)
      return { place, found, words, find: functionsOf(FIND).find }
    },
  }
  const defaults = fields.flatMap(({ fallback }, i) => defaultOf(kinds[i], fallback, columns[i] as number))
  return {
    others,
    find(start, end, to, row) {
      const table = row.tableOf(reader)
      if (!table) return undefined
      const { place, found, words, find } = table
      for (const { column, at, length } of defaults) row.note(column, words + at, length)
      // `fill` takes longer than reading a field, and often there is nothing to clear.
      for (let i = 0; i < found.length; i++) found[i] = 0
      to.reserve(numbers)
      const isFound = find(place, tags, start, end, row.notesOfRow(), to.placeOf(to.at), place + foundAt)
      if (isFound === 0 || isAnyFoundTwice(found, oneofs)) return undefined
      to.at += numbers
      return found
    },
  }
}

/** Returns the kind of a field whose value is a text, a boolean or a whole number, and which no other takes away. */
function plainKind(field: ProtoField, all: readonly CompiledField[]): number | undefined {
  const { type, shape, isRequired, oneof } = field
  if (shape !== 'single' || type.kind !== 'scalar' || isRequired) return undefined
  const hasRival = all.some(({ field: other }) => other !== field && other.oneof !== undefined && other.oneof === oneof)
  return hasRival ? undefined : KINDS[type.scalar]
}

/** Returns the members of each oneof by their places. */
function oneofsOf(fields: readonly ProtoField[]): (readonly number[])[] {
  const names = [...new Set(fields.flatMap(({ oneof }) => oneof ?? []))]
  return names.map((name) => [...fields.keys()].filter((i) => fields[i]?.oneof === name))
}

/** Whether a message has two members of a oneof. */
function isAnyFoundTwice(found: Int32Array, oneofs: readonly (readonly number[])[]): boolean {
  for (const members of oneofs) if (members.filter((i) => found[2 * i] !== 0).length > 1) return true
  return false
}

/** Returns the note of a plain field that always has a value, where it is not in the message. */
function defaultOf(kind: number | undefined, fallback: Uint8Array | undefined, column: number) {
  if (kind === undefined || !fallback) return []
  const word = kind === KINDS.string ? { at: 0, length: 0 } : kind === KINDS.bool ? FALSE : ZERO
  return [{ column, ...word }]
}
