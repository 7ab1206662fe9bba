import type { RecordShape, Shape } from '@millrace/formats'

/** Returns a record of a shape, made up: the same whenever it is asked for. */
export function inventRecord({ fields }: RecordShape): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, invent(shape, name)]))
}

/** Returns the same record with a value that its first typed field rejects; undefined where every field takes any. */
export function spoilRecord(shape: RecordShape): Readonly<Record<string, unknown>> | undefined {
  const typed = Object.entries(shape.fields).find(([, { kind }]) => TYPED.has(kind))
  return typed && { ...inventRecord(shape), [typed[0]]: 'not a value of this field' }
}

const TYPED: ReadonlySet<string> = new Set(['integer', 'long', 'double', 'boolean', 'date', 'timestamp', 'decimal'])

function invent(shape: Shape, name: string): unknown {
  switch (shape.kind) {
    case 'integer':
    case 'long':
      return 1
    case 'double':
      return 1.5
    case 'boolean':
      return true
    case 'date':
      return '2026-01-31'
    case 'timestamp':
      return '2026-01-31 12:00:00'
    case 'decimal':
      return shape.scale === 0 ? '1' : `0.${'5'.padEnd(shape.scale, '0')}`
    case 'bytes':
      return 'AAEC'
    case 'text':
      return `some ${name}`
    case 'json':
    case 'nothing':
      return null
    case 'list':
      return [invent(shape.items, name)]
    case 'map':
      return { a: invent(shape.values, name) }
    case 'record':
      return inventRecord(shape)
  }
}
