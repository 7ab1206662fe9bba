import { decimalType, VALID_FROM, VALID_TO } from '@millrace/delta'
import type { RecordShape, Shape } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { type FieldType, namesOf } from '../../dataset/fields.ts'
import { columnName, isOddName } from '../../infer/typed.ts'

/** How records of a schema differ from what a data set says of them. */
export interface Difference {
  /** Fields that it does not know. */
  readonly added: RecordShape
  /** Fields of which the schema has values that may not be of the data set's type. */
  readonly changed: readonly string[]
}

export function differenceOf({ fields }: Dataset, shape: RecordShape): Difference {
  const known = new Map(fields.flatMap((field) => namesOf(field).map((name) => [name, field.type] as const)))
  const added = Object.entries(shape.fields).filter(([name]) => !known.has(name))
  const changed = Object.entries(shape.fields).filter(([name, of]) => {
    const type = known.get(name)
    return type !== undefined && !isOfType(of, type)
  })
  return { added: { kind: 'record', fields: Object.fromEntries(added) }, changed: changed.map(([name]) => name) }
}

/** Whether a schema's values are of the field's type. A text may hold a time or a decimal: that is for each value to show. */
function isOfType(shape: Shape, type: FieldType): boolean {
  const { kind } = shape
  if (type === 'text' || kind === 'nothing') return true
  if (type === 'long') return kind === 'integer' || kind === 'long'
  if (type === 'double') return kind === 'double' || kind === 'integer' || kind === 'long'
  if (type === 'date' || type === 'timestamp') return kind === type || kind === 'text'
  const decimal = decimalType(type)
  if (!decimal) return kind === type
  if (shape.kind !== 'decimal') return ['integer', 'long', 'text'].includes(kind)
  return shape.scale <= decimal.scale && shape.precision - shape.scale <= decimal.precision - decimal.scale
}

const LONGEST_NAME = 255

/** Returns why a field can't become a column of the data set's table; undefined where it can. */
export function columnRefusal({ fields, schema, inferred, keyed, layout }: Dataset, name: string): string | undefined {
  const lower = columnName(name).toLowerCase()
  if (isOddName(name) || Buffer.byteLength(name) > LONGEST_NAME) return 'its name is empty, __proto__ or too long'
  if (lower.startsWith('millrace')) return 'names that begin so are taken'
  if (inferred) return undefined
  if (fields.flatMap(namesOf).some((other) => other !== name && other.toLowerCase() === name.toLowerCase()))
    return 'another one has that name in other letter case'
  const own = keyed?.mode === 'history' ? [VALID_FROM, VALID_TO] : []
  const columns = [...schema.fields, ...(keyed?.notKept ?? []), ...(layout?.timeParts ?? [])].map((of) => of.name)
  return [...columns, ...own].some((column) => column.toLowerCase() === lower) ? 'a column has that name' : undefined
}
