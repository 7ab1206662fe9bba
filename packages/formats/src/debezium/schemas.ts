import { refuseBomb } from '@millrace/base'
import { type Conversion, conversionNamed, shortName } from './conversions.ts'

/** What the schema part of a message says. */
export interface RowPlan {
  /** A message about schemas, transactions or the connector's own pulse: no row. */
  readonly isHousekeeping: boolean
  readonly conversions: ReadonlyMap<string, Conversion>
}

const MOST_KNOWN = 256
/** A longer schema part is read anew each time: what is kept has a bound. */
const LONGEST_KNOWN = 1 << 18
const HOUSEKEEPING = /^io\.debezium\.connector\..*(SchemaChangeValue|TransactionMetadataValue|Heartbeat)$/

export interface KnownSchemas {
  /** Returns what a schema part says, which stands there in the bytes; undefined where it is no schema. */
  planOf(bytes: Uint8Array, start: number, end: number): RowPlan | undefined
}

/** Keeps what schemas say: a table's messages have the same one until the table is altered. */
export function knownSchemas(): KnownSchemas {
  let known: { readonly text: Buffer; readonly plan: RowPlan | undefined }[] = []
  return {
    planOf(bytes, start, end) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
      const at = known.findIndex((each) => each.text.length === text.length && each.text.equals(text))
      const found = known[at] ?? { text: Buffer.from(text), plan: planOf(text.toString()) }
      if (at > 0) known.splice(at, 1)
      if (at !== 0 && text.length <= LONGEST_KNOWN) known = [found, ...known.slice(0, MOST_KNOWN - 1)]
      return found.plan
    },
  }
}

function planOf(text: string): RowPlan | undefined {
  const schema = parse(text)
  const fields = fieldsOf(schema)
  if (!schema || !fields) return undefined
  const row = fields.find(({ field }) => field === 'after' || field === 'before')
  const columns = row && fields.some(({ field }) => field === 'op') ? (fieldsOf(row) ?? []) : fields
  return {
    isHousekeeping: isHousekeeping(schema.name),
    conversions: new Map(columns.flatMap(conversionOf)),
  }
}

export function isHousekeeping(schemaName: unknown): boolean {
  return HOUSEKEEPING.test(String(schemaName))
}

interface Schema {
  readonly type?: unknown
  readonly items?: unknown
  readonly name?: unknown
  readonly field?: unknown
  readonly fields?: unknown
  readonly parameters?: unknown
}

function fieldsOf(schema: Schema | undefined): readonly Schema[] | undefined {
  const fields = schema?.fields
  return Array.isArray(fields) && fields.every((field) => typeof field === 'object' && field !== null)
    ? (fields as Schema[])
    : undefined
}

function conversionOf(column: Schema): [string, Conversion][] {
  const name = typeOf(column)
  const conversion = name === undefined ? undefined : conversionNamed(name)
  return conversion && typeof column.field === 'string' ? [[column.field, conversion]] : []
}

/** Returns the short name of a column's type; undefined where its values are read as they are. */
function typeOf({ type, items, name, parameters }: Schema): string | undefined {
  if (type === 'array' && typeof items === 'object' && items !== null) {
    const ofItems = typeOf(items as Schema)
    return ofItems === undefined ? undefined : `${ofItems}[]`
  }
  if (typeof name !== 'string') return undefined
  const { scale } = (parameters ?? {}) as { readonly scale?: unknown }
  return shortName(name, scale === undefined ? undefined : String(scale))
}

function parse(text: string): Schema | undefined {
  try {
    refuseBomb(text)
    return JSON.parse(text) as Schema
  } catch {
    return undefined
  }
}
