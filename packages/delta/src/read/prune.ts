import type { AddFile } from '../log/actions.ts'
import { physicalName, type TableColumns } from '../log/columns.ts'
import { isWidened, type StructField } from '../log/schema.ts'
import { type Bounds, boundsOf, comparable, compare, statsOf } from './bounds.ts'
import { type Comparison, fieldNamed, type Predicate, type Value } from './predicate.ts'

/** Whether the file may hold a row that the predicate is true for. Where nothing is known, it may. */
export function mayHold(columns: TableColumns, file: AddFile, where: Predicate): boolean {
  let stats: ReturnType<typeof statsOf> | undefined
  const bounds = (field: StructField): Bounds => {
    const name = physicalName(field, columns.mapping)
    if (columns.isPartition(field)) return partitionBounds(field, file.partitionValues[name])
    stats ??= statsOf(file)
    const found = boundsOf(stats, name, field.type)
    return field.type === 'double' && isWidened(field) ? aroundFloats(found) : found
  }
  return holds(where, columns, bounds)
}

/** A file that still holds floats has bounds in a float's few digits: its 3.4 is 3.4000001 as a double. */
function aroundFloats({ min, max, ...rest }: Bounds): Bounds {
  const around = (bound: Bounds['min'], pick: (...values: number[]) => number): Bounds['min'] =>
    bound?.kind === 'rough' ? { ...bound, value: pick(bound.value, Math.fround(bound.value)) } : bound
  const [low, high] = [around(min, Math.min), around(max, Math.max)]
  return { ...rest, ...(low && { min: low }), ...(high && { max: high }) }
}

function holds(where: Predicate, columns: TableColumns, boundsOfField: (field: StructField) => Bounds): boolean {
  if ('of' in where) {
    const part = (inner: Predicate) => holds(inner, columns, boundsOfField)
    return where.op === 'and' ? where.of.every(part) : where.of.some(part)
  }
  const field = fieldNamed(columns.fields, where.column)
  const bounds = boundsOfField(field)
  if (where.op === 'is null') return !bounds.noNulls
  if (bounds.allNulls) return false
  if (where.op === 'is not null') return true
  if (where.op === 'in') return where.values.some((value) => meets('=', value, field, bounds))
  return meets(where.op, where.value, field, bounds)
}

function meets(op: Comparison, value: Value, field: StructField, bounds: Bounds): boolean {
  const wanted = comparable(String(value), field.type)
  if (!wanted) return true
  const toMin = bounds.min && compare(wanted, bounds.min)
  const toMax = bounds.max && compare(wanted, bounds.max)
  // NaN is the greatest number, and no bound tells of it; a text that is cut off stands for all that go on from it.
  const mayBeNan = field.type === 'float' || field.type === 'double'
  const cutOff = bounds.maxText !== undefined && String(value).startsWith(bounds.maxText)
  const isAbove = toMax === 1 && !cutOff
  const isBelow = toMin === -1
  switch (op) {
    case '=':
      return !isAbove && !isBelow
    case '<':
      return !isBelow && toMin !== 0
    case '<=':
      return !isBelow
    case '>':
      return mayBeNan || (!isAbove && (toMax !== 0 || cutOff))
    case '>=':
      return mayBeNan || !isAbove
    case '<>':
      return mayBeNan || cutOff || toMin !== 0 || toMax !== 0
  }
}

function partitionBounds(field: StructField, value: string | null | undefined): Bounds {
  if (value === undefined) return { noNulls: false, allNulls: false }
  if (value === null || value === '') return { noNulls: false, allNulls: true }
  const only = comparable(value, field.type)
  return only ? { min: only, max: only, noNulls: true, allNulls: false } : { noNulls: true, allNulls: false }
}
