import type { RowNotes } from '../columns/row-notes.ts'
import { LONGEST_NUMBER, WORDS_BYTES, writeNumbers, writeWords } from '../columns/words.ts'
import { type JsonWriter, TEXT } from '../transcode/json-writer.ts'
import { functionsOf, type Program } from '../transcode/work-memory.ts'
import { READ_MODULE } from './read-module.ts'
import type { AvroReader } from './reader.ts'
import type { AvroType } from './schema.ts'

interface ReadFunctions {
  /** Notes fields; returns where they end, or -1 where they have to be looked at more closely. */
  fields(first: number, last: number, at: number, end: number, notes: number, numbers: number): number
}

const READ: Program<ReadFunctions> = { base64: READ_MODULE, uses: TEXT }

/** A field whose values are texts, booleans or whole numbers, and null perhaps. */
export interface PlainField {
  /** As read.wat names it. */
  readonly kind: number
  readonly column: number
}

const KINDS = { string: 0, boolean: 1, int: 2, long: 3 } as const
const [NULL_FIRST, NULL_SECOND] = [4, 8] as const

/** Returns the kind of fields of a type, if they are plain. */
export function plainKind(type: AvroType): number | undefined {
  if (type.kind !== 'union') return valueKind(type)
  const [first, second, third] = type.branches
  if (!first || !second || third) return undefined
  const [value, isNull] = first.kind === 'null' ? [second, NULL_FIRST] : [first, NULL_SECOND]
  const kind = first.kind === 'null' || second.kind === 'null' ? valueKind(value) : undefined
  return kind === undefined ? undefined : kind | isNull
}

function valueKind(type: AvroType): number | undefined {
  if (type.kind === 'string' || type.kind === 'boolean') return KINDS[type.kind]
  if (type.kind === 'int' || type.kind === 'long') return type.logical ? undefined : KINDS[type.kind]
  return undefined
}

const FIELD_BYTES = 16

/** Reads fields that follow one another; returns false where it does not read them. */
type ReadFields = (from: AvroReader, to: JsonWriter, row: RowNotes) => boolean

/** Returns what reads plain fields that follow one another. */
export function plainFields(fields: readonly PlainField[]): ReadFields {
  const size = fields.length * FIELD_BYTES
  const numbers = fields.length * LONGEST_NUMBER
  const reader = {
    tableBytes: size + WORDS_BYTES,
    makeTable(table: DataView, row: RowNotes) {
      const words = writeWords(table, size)
      for (const [i, { kind, column }] of fields.entries()) {
        writeNumbers(table, i * FIELD_BYTES, [kind, row.offsetOf(column), (i + 1) * LONGEST_NUMBER, words])
      }
      return { first: table.byteOffset, last: words, read: functionsOf(READ).fields }
    },
  }
  return (from, to, row) => {
    const table = row.tableOf(reader)
    if (!table) return false
    to.reserve(numbers)
    const next = table.read(table.first, table.last, from.at, from.end, row.notesOfRow(), to.placeOf(to.at))
    if (next < 0) return false
    from.at = next
    to.at += numbers
    return true
  }
}
