import type { RecordShape, Shape } from './shape.ts'

const DATE = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/

/** One value in so many may be of another kind than the others: it is taken for a mistake, and rejected by their type. */
const ONE_MISTAKE_IN = 100

type Kind = 'boolean' | 'long' | 'double' | 'date' | 'timestamp' | 'text' | 'list' | 'record'

/** What the values at one place of the records are. Nulls are not counted. */
interface Seen {
  readonly counts: Map<Kind, number>
  /** Of all values that are objects. */
  readonly fields: Map<string, Seen>
  /** Of all items of values that are lists. */
  items?: Seen
}

/** Returns the shape that fits these records of JSON, but for mistakes; those that are no objects are passed over. */
export function shapeOfRecords(records: readonly unknown[]): RecordShape {
  const all = nothingSeen()
  for (const record of records) if (kindOf(record) === 'record') count(record, all)
  return recordShape(all)
}

/**
 * Returns a shape without what has no type yet: fields that were always null, {} or []. Such a field would be a text for
 * good, where its first value can say what it is.
 */
export function typedFields({ fields }: RecordShape): RecordShape {
  const typed = Object.entries(fields).flatMap(([name, shape]) => {
    const of = typedPart(shape)
    return of ? [[name, of] as const] : []
  })
  return { kind: 'record', fields: Object.fromEntries(typed) }
}

function typedPart(shape: Shape): Shape | undefined {
  if (shape.kind === 'nothing') return undefined
  if (shape.kind === 'list') {
    const items = typedPart(shape.items)
    return items && { kind: 'list', items }
  }
  if (shape.kind !== 'record') return shape
  const typed = typedFields(shape)
  return Object.keys(typed.fields).length > 0 ? typed : undefined
}

const nothingSeen = (): Seen => ({ counts: new Map(), fields: new Map() })

function count(value: unknown, seen: Seen): void {
  const kind = kindOf(value)
  if (kind === undefined) return
  seen.counts.set(kind, (seen.counts.get(kind) ?? 0) + 1)
  if (Array.isArray(value)) {
    seen.items ??= nothingSeen()
    for (const item of value) count(item, seen.items)
  } else if (kind === 'record') {
    for (const [name, inner] of Object.entries(value as object)) {
      const field = seen.fields.get(name) ?? nothingSeen()
      seen.fields.set(name, field)
      count(inner, field)
    }
  }
}

function kindOf(value: unknown): Kind | undefined {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'long' : 'double'
  if (typeof value === 'string') return DATE.test(value) ? 'date' : MOMENT.test(value) ? 'timestamp' : 'text'
  return typeof value === 'boolean' ? 'boolean' : 'record'
}

function recordShape({ fields }: Seen): RecordShape {
  return { kind: 'record', fields: Object.fromEntries([...fields].map(([name, seen]) => [name, shapeOf(seen)])) }
}

function shapeOf(seen: Seen): Shape {
  const kinds = usualKinds(seen.counts)
  const [kind] = kinds
  if (kind === undefined) return { kind: 'nothing' }
  if (kinds.length > 1) return { kind: kinds.some((each) => each === 'list' || each === 'record') ? 'json' : 'text' }
  if (kind === 'record') return recordShape(seen)
  return kind === 'list' ? { kind, items: seen.items ? shapeOf(seen.items) : { kind: 'nothing' } } : { kind }
}

/** Returns the kinds of the values, of numbers the wider one; those of mistakes left out. */
function usualKinds(counts: ReadonlyMap<Kind, number>): Kind[] {
  const [longs, doubles] = [counts.get('long') ?? 0, counts.get('double') ?? 0]
  const widened = new Map(counts)
  if (doubles > 0) {
    widened.delete('long')
    widened.set('double', longs + doubles)
  }
  const all = [...widened.values()].reduce((sum, each) => sum + each, 0)
  const usual = [...widened].find(([, each]) => (all - each) * ONE_MISTAKE_IN <= all)
  return usual ? [usual[0]] : [...widened.keys()]
}
