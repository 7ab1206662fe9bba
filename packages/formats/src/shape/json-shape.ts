import type { RecordShape, Shape } from './shape.ts'

const DATE = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/

/** Returns the shape that fits all of these records of JSON; those that are no objects are passed over. */
export function shapeOfRecords(records: readonly unknown[]): RecordShape {
  return records
    .map(shapeOf)
    .filter((shape) => shape.kind === 'record')
    .reduce(mergeRecords, { kind: 'record', fields: {} })
}

function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return { kind: 'nothing' }
  if (typeof value === 'boolean') return { kind: 'boolean' }
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'long' : 'double' }
  if (typeof value === 'string') return { kind: DATE.test(value) ? 'date' : MOMENT.test(value) ? 'timestamp' : 'text' }
  if (Array.isArray(value)) return { kind: 'list', items: value.map(shapeOf).reduce(merge, { kind: 'nothing' }) }
  const fields = Object.entries(value).map(([name, each]) => [name, shapeOf(each)] as const)
  return { kind: 'record', fields: Object.fromEntries(fields) }
}

function mergeRecords(a: RecordShape, b: RecordShape): RecordShape {
  const names = new Set([...Object.keys(a.fields), ...Object.keys(b.fields)])
  const none: Shape = { kind: 'nothing' }
  const of = ({ fields }: RecordShape, name: string) => (Object.hasOwn(fields, name) ? (fields[name] ?? none) : none)
  return {
    kind: 'record',
    fields: Object.fromEntries([...names].map((name) => [name, merge(of(a, name), of(b, name))])),
  }
}

/** Returns the narrowest shape that both fit. */
function merge(a: Shape, b: Shape): Shape {
  if (a.kind === 'nothing') return b
  if (b.kind === 'nothing') return a
  if (a.kind === 'record' && b.kind === 'record') return mergeRecords(a, b)
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', items: merge(a.items, b.items) }
  if (a.kind === b.kind) return a
  const kinds = [a.kind, b.kind]
  const isNested = (kind: string) => ['record', 'list', 'json'].includes(kind)
  if (kinds.some(isNested)) return { kind: 'json' }
  return kinds.every((kind) => kind === 'long' || kind === 'double') ? { kind: 'double' } : { kind: 'text' }
}
