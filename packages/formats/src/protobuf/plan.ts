import type { Column, ColumnKind } from '../block-columns.ts'
import type { RecordPlan } from '../columns/read-columns.ts'
import type { RowNotes } from '../columns/row-notes.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { type CompiledField, compileField, compileMessage, finderOf, refuseMissing } from './compile.ts'
import type { WriteMessage } from './fields.ts'
import { plainFinder } from './find-plain.ts'
import type { ProtoField, ProtoMessage } from './schema.ts'
import { isUnwrapped, wellKnown } from './well-known.ts'
import type { WireReader } from './wire.ts'

/** A message whose JSON is so much larger is made to be. */
const MOST_GROWTH = 64
const ALWAYS_ALLOWED = 256 << 10

/** Compiles a message to what reads a record; a message that is a single value is the field `value`. */
export function planOfMessage(message: ProtoMessage): RecordPlan<WireReader> {
  const known = new Map<ProtoMessage, WriteMessage>()
  if (isUnwrapped(message.name) || wellKnown(message.name)) return planOfValue(compileMessage(message, known))
  const fields = message.fields.map((field) => compileField(field, known))
  const find = finderOf(fields)
  const columns: Column[] = []
  const firstColumns: number[] = []
  const steps = fields.map((compiled) => {
    const kinds = kindsOf(compiled.field)
    const column = columns.length
    firstColumns.push(column)
    columns.push(...kinds.map((kind) => ({ name: compiled.field.name, kind })))
    return noteField(compiled, kinds, column)
  })
  const plain = plainFinder(fields, firstColumns)
  return {
    columns,
    note(from, end, to, row) {
      const start = begin(from, end, to)
      const before = to.at
      const found = plain?.find(start, end, to, row)
      if (plain && found) {
        from.limit += to.at - before
        from.enter(0)
        for (let i = 0; i < plain.others.length; i++) {
          const step = steps[plain.others[i] as number] as NoteField
          step(from, found[2 * i] as number, found[2 * i + 1] as number, end, to, row)
        }
        return
      }
      const base = from.enter(steps.length)
      find(from, base, start, end)
      for (let i = 0; i < steps.length; i++) {
        const place = base + 2 * i
        ;(steps[i] as NoteField)(from, from.found[place] as number, from.found[place + 1] as number, end, to, row)
      }
      from.leave(base)
    },
  }
}

function planOfValue(write: WriteMessage): RecordPlan<WireReader> {
  return {
    columns: ANY_JSON.map((kind) => ({ name: 'value', kind })),
    note(from, end, to, row) {
      const start = begin(from, end, to)
      const written = to.at
      write(from, start, end, to)
      row.noteJson([0, 1, 2], to, written)
    },
  }
}

/** Begins a record at the reader's place, and returns that. */
function begin(from: WireReader, end: number, to: JsonWriter): number {
  from.depth = 0
  from.top = 0
  from.limit = to.at + ALWAYS_ALLOWED + MOST_GROWTH * (end - from.at)
  return from.at
}

/** Notes a field whose first tag is before `first`, 0 where it is not there, and the value of the last one at `last`. */
type NoteField = (from: WireReader, first: number, last: number, end: number, to: JsonWriter, row: RowNotes) => void

function noteField({ field, write, fallback }: CompiledField, kinds: readonly ColumnKind[], column: number): NoteField {
  if (isText(field)) return noteText(field, fallback !== undefined, column)
  const note = noteAs(kinds, column)
  return (from, first, last, end, to, row) => {
    const start = to.at
    if (first > 0) write(from, first - 1, last, end, to)
    else {
      refuseMissing(field)
      if (!fallback) return
      to.raw(fallback)
    }
    note(row, to, start)
  }
}

/** A text is noted where it stands in the message. */
function noteText(field: ProtoField, hasFallback: boolean, column: number): NoteField {
  return (from, first, last, end, _to, row) => {
    if (first === 0) {
      refuseMissing(field)
      if (hasFallback) row.note(column, 0, 0)
      return
    }
    from.at = last
    const stop = from.delimited(end)
    row.note(column, from.at, stop - from.at)
  }
}

function noteAs(kinds: readonly ColumnKind[], column: number): (row: RowNotes, to: JsonWriter, start: number) => void {
  const columns = kinds.map((_, i) => column + i)
  if (kinds === ANY_JSON) return (row, to, start) => row.noteJson(columns, to, start)
  if (kinds.length > 1) return (row, to, start) => row.noteScalar(columns, to, start)
  if (kinds[0] === 'text') return (row, to, start) => row.noteUnquoted(column, to, start)
  return (row, to, start) => row.noteWritten(column, to, start)
}

function isText({ type, shape }: ProtoField): boolean {
  return shape === 'single' && type.kind === 'scalar' && type.scalar === 'string'
}

const TIMES_AND_DECIMALS = ['google.protobuf.Timestamp', 'google.protobuf.Duration', 'confluent.type.Decimal']

const ANY_JSON: readonly ColumnKind[] = ['json', 'word', 'real']

/**
 * Returns the kinds of a field's values. A double that is no number is a text, and a number of an enum without a symbol is
 * none.
 */
function kindsOf({ type, shape }: ProtoField): readonly ColumnKind[] {
  if (shape !== 'single') return ['json']
  switch (type.kind) {
    case 'enum':
      return type.name === 'google.protobuf.NullValue' ? ANY_JSON : ['text', 'word']
    case 'message': {
      const { name } = type.message
      if (TIMES_AND_DECIMALS.includes(name)) return ['text']
      return isUnwrapped(name) || wellKnown(name) ? ANY_JSON : ['json']
    }
    case 'scalar':
      if (type.scalar === 'string' || type.scalar === 'bytes') return ['text']
      return type.scalar === 'double' || type.scalar === 'float' ? ['text', 'word', 'real'] : ['word']
  }
}
