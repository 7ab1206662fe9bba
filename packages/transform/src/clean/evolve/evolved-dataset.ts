import type { DuckDBConnection } from '@duckdb/node-api'
import { holdsType, isWidening, type Snapshot, type StructField, schemaOf } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import type { RecordShape, Shape } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { ADDED, type Field, type FieldType, TIMESTAMP_SHAPES } from '../../dataset/fields.ts'
import { columnsOfShape, type FieldColumn, type StoredColumns } from '../../infer/describe.ts'
import { carry } from '../sql/changes.ts'
import { rewriteSelect } from '../sql/select-tree.ts'

/**
 * Returns the data set that also has columns for these fields. A column that the table has keeps its type, and values
 * that are not of that type are rejected one by one.
 */
export async function withFields(
  dataset: Dataset,
  added: RecordShape,
  table: Snapshot,
  connection: DuckDBConnection,
): Promise<Dataset> {
  const evolved = await withColumnsOf(dataset, added, table, connection)
  const fits = dataset.fitsOutputs?.(evolved)
  const expectations = evolved.expectations.map((each) => (each.name === fits?.name ? fits : each))
  return { ...evolved, expectations }
}

async function withColumnsOf(
  dataset: Dataset,
  added: RecordShape,
  table: Snapshot,
  connection: DuckDBConnection,
): Promise<Dataset> {
  const columns = new Map(schemaOf(table.metadata).fields.map((field) => [field.name.toLowerCase(), field]))
  const stored: StoredColumns = { columns, widens: isWidening(table) }
  if (dataset.inferred) return inferredAnew(dataset, united(dataset.inferred, added), stored)
  const schema = dataset.schema.fields.map((field) => {
    const there = columns.get(field.name.toLowerCase())
    return there && !holdsType(there.type, field.type, stored.widens) ? { ...field, type: there.type } : field
  })
  const fresh = columnsOfShape(added, stored)
  const adapted: Dataset = { ...dataset, schema: { type: 'struct', fields: schema } }
  return fresh.length === 0 ? adapted : withColumnsCarried(adapted, fresh, connection)
}

function inferredAnew(dataset: Dataset, shape: RecordShape, stored: StoredColumns): Dataset {
  const columns = columnsOfShape(shape, stored)
  const selected = columns.map(({ field, name, select }) => `${select(quoteName(field))} AS ${quoteName(name)}`)
  return {
    ...dataset,
    inferred: shape,
    fields: columns.map(({ field, fieldType }) => fieldNamed(field, fieldType)),
    schema: { type: 'struct', fields: columns.map(columnOf) },
    sql: `SELECT ${selected.join(',\n  ')}\nFROM raw`,
  }
}

/** Carries the fields through the data set's SQL, under names that it can't meet. */
async function withColumnsCarried(
  dataset: Dataset,
  columns: readonly FieldColumn[],
  connection: DuckDBConnection,
): Promise<Dataset> {
  const hidden = columns.map(({ field }) => ADDED + field)
  const carried = await rewriteSelect(dataset.sql, connection, (select) =>
    carry(select, hidden, `data set ${dataset.name}: its onSchemaChange needs a clean.sql of`),
  )
  const own = [...dataset.schema.fields, ...(dataset.keyed?.notKept ?? [])].map(({ name }) => quoteName(name))
  const selected = columns.map(
    ({ name, select }, i) => `${select(quoteName(hidden[i] as string))} AS ${quoteName(name)}`,
  )
  return {
    ...dataset,
    fields: [
      ...dataset.fields,
      ...columns.map(({ field, fieldType }): Field => ({ ...fieldNamed(ADDED + field, fieldType), hiddenName: field })),
    ],
    schema: { type: 'struct', fields: [...dataset.schema.fields, ...columns.map(columnOf)] },
    sql: `SELECT ${[...own, ...selected].join(', ')} FROM (${carried})`,
  }
}

const fieldNamed = (name: string, type: FieldType): Field => ({ name, type, aliases: [], shapes: TIMESTAMP_SHAPES })

const columnOf = ({ name, type }: FieldColumn): StructField => ({ name, type, nullable: true, metadata: {} })

/** Returns the shape of records of the one and of the other: what both have keeps its kind, at any depth, unless it is wider. */
export function united(known: RecordShape, other: RecordShape): RecordShape {
  const added = Object.entries(other.fields).filter(([name]) => !Object.hasOwn(known.fields, name))
  const kept = Object.entries(known.fields).map(([name, shape]) => {
    const too = Object.hasOwn(other.fields, name) ? other.fields[name] : undefined
    return [name, too ? unitedShape(shape, too) : shape] as const
  })
  return { kind: 'record', fields: Object.fromEntries([...kept, ...added]) }
}

function unitedShape(known: Shape, other: Shape): Shape {
  if (known.kind === 'record' && other.kind === 'record') return united(known, other)
  if (known.kind === 'list' && other.kind === 'list') return { ...known, items: unitedShape(known.items, other.items) }
  if (known.kind === 'map' && other.kind === 'map') return { ...known, values: unitedShape(known.values, other.values) }
  if (known.kind === 'integer' && other.kind === 'long') return other
  if (known.kind === 'decimal' && other.kind === 'decimal' && isWiderDecimal(other, known)) return other
  return known
}

type Decimal = Extract<Shape, { readonly kind: 'decimal' }>

function isWiderDecimal(wide: Decimal, narrow: Decimal): boolean {
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale
}
