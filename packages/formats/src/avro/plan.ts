import type { Column, ColumnKind } from '../block-columns.ts'
import type { RecordPlan } from '../columns/read-columns.ts'
import type { RowNotes } from '../columns/row-notes.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { branchAt, symbolAt, transcoderOf } from './compile.ts'
import { type PlainField, plainFields, plainKind } from './plain-fields.ts'
import type { AvroReader } from './reader.ts'
import type { AvroRecord, AvroType } from './schema.ts'
import type { Transcode } from './transcode.ts'

/** Reads one value, and notes it. */
type NoteField = (from: AvroReader, to: JsonWriter, row: RowNotes) => void

/** Returns which of the row's columns a field's values of a kind come in. */
type ColumnOf = (kind: ColumnKind) => number

/** Compiles a schema to what reads one record; what is no record is read as a record with the field `value`. */
export function planOfSchema(type: AvroType): RecordPlan<AvroReader> {
  const known = new Map<AvroRecord, Transcode>()
  const fields = type.kind === 'record' ? type.fields : [{ name: 'value', type }]
  const columns: Column[] = []
  const all = fields.map((field): Step => {
    const kinds = [...new Set(kindsOf(field.type))]
    const column = columns.length
    columns.push(...kinds.map((kind) => ({ name: field.name, kind })))
    const kind = plainKind(field.type)
    return {
      note: noteField(field.type, (kind) => column + kinds.indexOf(kind), known),
      ...(kind !== undefined && { plain: { kind, column } }),
    }
  })
  const steps = runsOf(all).map(noteRun)
  return {
    columns,
    note(from, _end, to, row) {
      for (let i = 0; i < steps.length; i++) (steps[i] as NoteField)(from, to, row)
      if (from.at < from.end) throw new Undecodable(`${from.end - from.at} bytes are left over`)
    },
  }
}

/** What reads a field, and how it is plain. */
interface Step {
  readonly note: NoteField
  readonly plain?: PlainField
}

/** Returns the steps in their order, plain ones that follow one another together. */
function runsOf(steps: readonly Step[]): (readonly Step[])[] {
  const runs: Step[][] = []
  for (const step of steps) {
    const run = runs.at(-1)
    if (run?.[0]?.plain && step.plain) run.push(step)
    else runs.push([step])
  }
  return runs
}

/** Plain fields are read together, and one by one where there is something about one of them. */
function noteRun(run: readonly Step[]): NoteField {
  const plain = run.flatMap(({ plain }) => plain ?? [])
  const oneByOne: NoteField = (from, to, row) => {
    for (let i = 0; i < run.length; i++) (run[i] as Step).note(from, to, row)
  }
  if (plain.length === 0) return oneByOne
  const together = plainFields(plain)
  return (from, to, row) => {
    if (!together(from, to, row)) oneByOne(from, to, row)
  }
}

function noteField(type: AvroType, columnOf: ColumnOf, known: Map<AvroRecord, Transcode>): NoteField {
  if (type.kind === 'null') return () => undefined
  if (type.kind === 'string') return noteText(columnOf('text'))
  if (type.kind === 'enum') return noteSymbol(type.symbols, columnOf('text'))
  if (type.kind === 'union') {
    const branches = type.branches.map((branch) => noteField(branch, columnOf, known))
    return (from, to, row) => branchAt(branches, from.int())(from, to, row)
  }
  const transcode = transcoderOf(type, known)
  const kinds = kindsOf(type)
  const columns = kinds.map(columnOf)
  const column = columns[0] as number
  return (from, to, row) => {
    const start = to.at
    transcode(from, to)
    if (columns.length > 1) row.noteScalar(columns, to, start)
    else if (kinds[0] === 'text') row.noteUnquoted(column, to, start)
    else row.noteWritten(column, to, start)
  }
}

function noteText(column: number): NoteField {
  return (from, _to, row) => {
    const length = from.length()
    row.note(column, from.skip(length), length)
  }
}

function noteSymbol(symbols: readonly string[], column: number): NoteField {
  const texts = symbols.map((symbol) => Buffer.from(symbol))
  return (from, to, row) => {
    const text = symbolAt(texts, from.int())
    const start = to.at
    to.raw(text)
    row.noteWritten(column, to, start)
  }
}

/** Returns the kinds of a type's values. A double that is no number is a text. */
function kindsOf(type: AvroType): readonly ColumnKind[] {
  switch (type.kind) {
    case 'null':
      return []
    case 'boolean':
      return ['word']
    case 'int':
    case 'long':
      return [type.logical ? 'text' : 'word']
    case 'float':
    case 'double':
      return ['text', 'word', 'real']
    case 'array':
    case 'map':
    case 'record':
      return ['json']
    case 'union':
      return type.branches.flatMap(kindsOf)
    default:
      return ['text']
  }
}
