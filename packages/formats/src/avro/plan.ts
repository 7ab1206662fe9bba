import type { Column, ColumnKind } from '../block-columns.ts'
import type { RecordPlan } from '../columns/read-columns.ts'
import type { RowNotes } from '../columns/row-notes.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { branchAt, symbolAt, transcoderOf } from './compile.ts'
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
  const steps = fields.map((field) => {
    const kinds = [...new Set(kindsOf(field.type))]
    const first = columns.length
    columns.push(...kinds.map((kind) => ({ name: field.name, kind })))
    return noteField(field.type, (kind) => first + kinds.indexOf(kind), known)
  })
  return {
    columns,
    note(from, _end, to, row) {
      for (let i = 0; i < steps.length; i++) (steps[i] as NoteField)(from, to, row)
      if (from.at < from.end) throw new Undecodable(`${from.end - from.at} bytes are left over`)
    },
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
