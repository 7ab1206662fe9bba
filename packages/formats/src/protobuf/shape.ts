import type { RecordShape, Shape } from '../shape/shape.ts'
import type { ProtoField, ProtoMessage, ProtoType, Scalar } from './schema.ts'
import { isUnwrapped } from './well-known.ts'

const SCALARS: Readonly<Record<Scalar, Shape>> = {
  ...{ double: { kind: 'double' }, float: { kind: 'double' }, bool: { kind: 'boolean' } },
  ...{ int32: { kind: 'integer' }, sint32: { kind: 'integer' }, sfixed32: { kind: 'integer' } },
  ...{ uint32: { kind: 'long' }, fixed32: { kind: 'long' } },
  ...{ int64: { kind: 'long' }, sint64: { kind: 'long' }, sfixed64: { kind: 'long' } },
  uint64: { kind: 'decimal', precision: 20, scale: 0 },
  fixed64: { kind: 'decimal', precision: 20, scale: 0 },
  ...{ string: { kind: 'text' }, bytes: { kind: 'bytes' } },
}

const SPECIAL: Readonly<Record<string, Shape>> = {
  'google.protobuf.Timestamp': { kind: 'timestamp' },
  'google.protobuf.Duration': { kind: 'text' },
  'google.protobuf.FieldMask': { kind: 'text' },
  'google.protobuf.Struct': { kind: 'json' },
  'google.protobuf.Value': { kind: 'json' },
  'google.protobuf.ListValue': { kind: 'json' },
  'confluent.type.Decimal': { kind: 'text' },
}

/** Returns the shape of what is read of a message. */
export function shapeOfMessage(message: ProtoMessage): RecordShape {
  const shape = messageShape(message, [])
  return shape.kind === 'record' ? shape : { kind: 'record', fields: { value: shape } }
}

function messageShape(message: ProtoMessage, around: readonly ProtoMessage[]): Shape {
  const special = Object.hasOwn(SPECIAL, message.name) ? SPECIAL[message.name] : undefined
  if (special) return special
  // What holds itself has no end as a column, and a struct without fields can't be stored.
  if (around.includes(message) || message.fields.length === 0) return { kind: 'json' }
  const inside = [...around, message]
  const [value] = message.fields
  if (isUnwrapped(message.name) && value) return fieldShape(value, inside)
  return {
    kind: 'record',
    fields: Object.fromEntries(message.fields.map((each) => [each.name, fieldShape(each, inside)])),
  }
}

function fieldShape({ type, shape }: ProtoField, around: readonly ProtoMessage[]): Shape {
  const one = typeShape(type, around)
  if (shape === 'single') return one
  return shape === 'list' ? { kind: 'list', items: one } : { kind: 'map', values: one }
}

function typeShape(type: ProtoType, around: readonly ProtoMessage[]): Shape {
  if (type.kind === 'message') return messageShape(type.message, around)
  return type.kind === 'enum' ? { kind: 'text' } : SCALARS[type.scalar]
}
