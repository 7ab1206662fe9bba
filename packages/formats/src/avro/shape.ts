import { decimalShape, type RecordShape, type Shape } from '../shape/shape.ts'
import type { AvroRecord, AvroType, Logical } from './schema.ts'

/** Returns the shape of what is read by a schema. */
export function shapeOfAvro(type: AvroType): RecordShape {
  return type.kind === 'record' ? recordShape(type, []) : { kind: 'record', fields: { value: shapeOf(type, []) } }
}

function recordShape({ fields }: AvroRecord, around: readonly AvroType[]): RecordShape {
  return { kind: 'record', fields: Object.fromEntries(fields.map(({ name, type }) => [name, shapeOf(type, around)])) }
}

function shapeOf(type: AvroType, around: readonly AvroType[]): Shape {
  switch (type.kind) {
    case 'null':
      return { kind: 'nothing' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'int':
    case 'long':
      return type.logical ? shapeOfLogical(type.logical) : { kind: type.kind === 'int' ? 'integer' : 'long' }
    case 'float':
    case 'double':
      return { kind: 'double' }
    case 'string':
    case 'enum':
      return { kind: 'text' }
    case 'bytes':
    case 'fixed':
      return type.logical ? shapeOfLogical(type.logical) : { kind: 'bytes' }
    case 'array':
      return { kind: 'list', items: shapeOf(type.items, around) }
    case 'map':
      return { kind: 'map', values: shapeOf(type.values, around) }
    case 'union': {
      const branches = type.branches.filter(({ kind }) => kind !== 'null')
      const [only, another] = branches
      return only && !another ? shapeOf(only, around) : { kind: only ? 'json' : 'nothing' }
    }
    case 'record':
      // What holds itself has no end as a column.
      return around.includes(type) ? { kind: 'json' } : recordShape(type, [...around, type])
  }
}

function shapeOfLogical(logical: Logical): Shape {
  switch (logical.name) {
    case 'decimal':
      return decimalShape(logical.precision, logical.scale)
    case 'date':
      return { kind: 'date' }
    case 'timestamp-millis':
    case 'timestamp-micros':
    case 'timestamp-nanos':
      return { kind: 'timestamp' }
    default:
      return { kind: 'text' }
  }
}
