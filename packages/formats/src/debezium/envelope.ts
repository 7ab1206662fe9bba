import type { Conversion } from './conversions.ts'
import { isAt, Members } from './members.ts'
import type { AddedMember, DebeziumOptions } from './options.ts'
import type { KnownSchemas, RowPlan } from './schemas.ts'

/** Where a row stands in the bytes, and what is known of it beside its columns. */
export interface Change {
  /** From the row's opening brace to behind its closing one. */
  start: number
  end: number
  isDelete: boolean
  /** Whether the table is empty from here on: there is no row then. */
  isTruncate: boolean
  conversions: ReadonlyMap<string, Conversion>
  /** For each member that the data set wants of the envelope: where its value stands, -1 where there is none. */
  readonly added: { readonly member: AddedMember; start: number; end: number }[]
}

/** `tombstone`: a message with the schema part, whose payload is null. */
export type ReadEnvelope = Change | 'ignored' | 'tombstone' | { readonly reason: string }

const [OPEN_OBJECT, QUOTE, NULL] = [0x7b, 0x22, 0x6e]
const name = (text: string) => Buffer.from(text)
const [SCHEMA, PAYLOAD, BEFORE, AFTER, OP, SOURCE, DELETED, PLAIN_OP, DDL, TABLE_CHANGES] = [
  ...[name('schema'), name('payload'), name('before'), name('after'), name('op'), name('source')],
  ...[name('__deleted'), name('__op'), name('ddl'), name('tableChanges')],
] as const
const TRUE = [name('true'), name('"true"')]

const BEGIN = name('{"before":')
const NOTHING = name('{"before":null,"after":null')
const NULL_TEXT = name('null')

/** Whether a message begins as Debezium's envelope without the schema part, and says itself which row it is about. */
export function isReadWithoutKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= NOTHING.length || !isAt(bytes, start, BEGIN)) return false
  return !isAt(bytes, start, NOTHING)
}

interface Span {
  start: number
  end: number
}

/** Finds a message's row. One object serves all messages of a block. */
export class EnvelopeReader {
  readonly schemas: KnownSchemas
  private readonly bytes: Uint8Array
  private readonly members = new Members()
  private readonly options: DebeziumOptions
  private readonly change: Change
  private readonly schema: Span = { start: -1, end: -1 }
  private readonly payload: Span = { start: -1, end: -1 }
  private readonly before: Span = { start: -1, end: -1 }
  private readonly after: Span = { start: -1, end: -1 }
  private readonly op: Span = { start: -1, end: -1 }
  private readonly source: Span = { start: -1, end: -1 }
  private isDeletedRow = false
  private isSchemaChange = false

  constructor(bytes: Uint8Array, options: DebeziumOptions, schemas: KnownSchemas) {
    this.bytes = bytes
    this.options = options
    this.schemas = schemas
    const added = options.added.map((member) => ({ member, start: -1, end: -1 }))
    this.change = { start: 0, end: 0, isDelete: false, isTruncate: false, conversions: options.types, added }
  }

  /** Reads a message that has no schema part because its schema is known by other means. */
  readPlanned(start: number, end: number, { isHousekeeping, conversions }: RowPlan): ReadEnvelope {
    if (isHousekeeping) return 'ignored'
    this.change.conversions = conversions
    return this.scan(start, end) ? this.rowOf(start, end) : NO_OBJECT
  }

  read(start: number, end: number): ReadEnvelope {
    const { change, schema, payload } = this
    change.conversions = this.options.types
    // Kafka Connect's converter without schemas writes a tombstone so, where a transform has made it.
    if (end - start === NULL_TEXT.length && isAt(this.bytes, start, NULL_TEXT)) return 'tombstone'
    if (!this.scan(start, end)) return NO_OBJECT
    if (schema.start < 0 || payload.start < 0) return this.rowOf(start, end)
    const [from, to] = [payload.start, payload.end]
    const plan =
      this.bytes[schema.start] === NULL ? undefined : this.schemas.planOf(this.bytes, schema.start, schema.end)
    if (plan?.isHousekeeping) return 'ignored'
    if (this.bytes[from] === NULL) return 'tombstone'
    if (!plan && this.bytes[schema.start] !== NULL) return { reason: 'not Debezium: its schema can’t be read' }
    if (plan) change.conversions = plan.conversions
    if (!this.scan(from, to)) return { reason: 'not Debezium: its payload is no object' }
    return this.rowOf(from, to)
  }

  /** Reads a message's key, which has the columns of the row's key. */
  readKey(plan: RowPlan | undefined): Change | undefined {
    const { bytes, change, schema, payload } = this
    if (!this.scan(0, bytes.length)) return undefined
    if (plan) change.conversions = plan.conversions
    const hasSchema = !plan && schema.start >= 0 && payload.start >= 0
    const [start, end] = hasSchema ? [payload.start, payload.end] : [0, bytes.length]
    if (hasSchema) change.conversions = this.schemas.planOf(bytes, schema.start, schema.end)?.conversions ?? new Map()
    if (bytes[start] !== OPEN_OBJECT) return undefined
    return this.found(start, end, true)
  }

  /** Notes where the members are that tell what a message is; false where it is no object. */
  private scan(start: number, end: number): boolean {
    const { members, schema, payload, before, after, op, source, change } = this
    for (const span of [schema, payload, before, after, op, source]) span.start = -1
    for (const each of change.added) each.start = -1
    this.isDeletedRow = false
    let schemaMembers = 0
    if (!members.open(this.bytes, start, end)) return false
    while (members.next()) {
      if (members.isNamed(AFTER)) this.note(after)
      else if (members.isNamed(BEFORE)) this.note(before)
      else if (members.isNamed(OP)) this.note(op)
      else if (members.isNamed(SOURCE)) this.note(source)
      else if (members.isNamed(SCHEMA)) this.note(schema)
      else if (members.isNamed(PAYLOAD)) this.note(payload)
      else if (members.isNamed(DELETED)) this.isDeletedRow ||= this.isTrue()
      else if (members.isNamed(PLAIN_OP)) this.isDeletedRow ||= this.letter(members) === 'd'
      else if (members.isNamed(DDL) || members.isNamed(TABLE_CHANGES)) schemaMembers++
      this.noteAdded('envelope')
    }
    this.isSchemaChange = schemaMembers === 2
    return members.objectEnd > 0 && onlyBlanks(this.bytes, members.objectEnd, end)
  }

  private note(span: Span): void {
    span.start = this.members.start
    span.end = this.members.end
  }

  private noteAdded(from: AddedMember['from']): void {
    for (const each of this.change.added) {
      if (each.member.from === from && this.members.isNamed(each.member.member)) this.note(each)
    }
  }

  private isTrue(): boolean {
    const { start, end } = this.members
    return TRUE.some((text) => end - start === text.length && isAt(this.bytes, start, text))
  }

  /** Returns a text of one letter. */
  private letter({ start, end }: { readonly start: number; readonly end: number }): string {
    const { bytes } = this
    return end - start === 3 && bytes[start] === QUOTE ? String.fromCharCode(bytes[start + 1] as number) : ''
  }

  private rowOf(start: number, end: number): ReadEnvelope {
    const { before, after, op, source } = this
    if (this.isSchemaChange) return 'ignored'
    const isEnvelope = op.start >= 0 && (before.start >= 0 || after.start >= 0 || source.start >= 0)
    if (!isEnvelope) return this.plainRow(start, end)
    const letter = this.letter(op)
    if (letter === 'm') return 'ignored'
    if (letter === 't') return this.truncate(source)
    const isDelete = letter === 'd'
    if (!isDelete && !'cur'.includes(letter || '?'))
      return { reason: 'not Debezium: its op is none of c, r, u, d, t, m' }
    const row = isDelete ? before : after
    if (row.start >= 0 && this.bytes[row.start] === OPEN_OBJECT) {
      this.readSource(source)
      return this.found(row.start, row.end, isDelete)
    }
    if (isDelete) return this.options.tombstones === 'delete' ? 'tombstone' : { reason: NO_BEFORE }
    return { reason: 'not Debezium: it has no after' }
  }

  private truncate(source: Span): ReadEnvelope {
    const { truncates } = this.options
    if (truncates === 'ignore') return 'ignored'
    this.readSource(source)
    const change = this.found(0, 0, truncates === 'apply')
    change.isTruncate = truncates === 'apply'
    return change
  }

  private plainRow(start: number, end: number): ReadEnvelope {
    for (const each of this.change.added) each.start = -1
    return this.found(start, end, this.isDeletedRow)
  }

  private readSource({ start, end }: Span): void {
    const { members, change } = this
    if (start < 0 || !change.added.some(({ member }) => member.from === 'source')) return
    if (!members.open(this.bytes, start, end)) return
    while (members.next()) this.noteAdded('source')
  }

  private found(start: number, end: number, isDelete: boolean): Change {
    const { change } = this
    change.start = start
    change.end = end
    change.isDelete = isDelete
    change.isTruncate = false
    return change
  }
}

const NO_OBJECT = { reason: 'not Debezium: not an object of JSON' }
const NO_BEFORE = 'a delete without before: the table needs a key, or REPLICA IDENTITY FULL'

function onlyBlanks(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!BLANKS.includes(bytes[at] as number)) return false
  return true
}

const BLANKS: readonly number[] = [0x20, 0x09, 0x0a, 0x0d]
