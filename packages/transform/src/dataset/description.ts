import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError } from '@millrace/base'
import type { DataType, StructField, StructType } from '@millrace/delta'
import {
  type DebeziumDescription,
  type Format,
  type FormatContext,
  FRAMINGS,
  formatNames,
  openFormat,
} from '@millrace/formats'
import { z } from 'zod'
import type { Dataset } from './dataset.ts'
import { MOST_EXPECTATIONS, OUTCOMES } from './expectations.ts'
import { Decimal, NamedFieldType } from './field-type.ts'
import { type Field, TIMESTAMP_SHAPES } from './fields.ts'
import { KEYED_PROPERTIES, type Keyed, keyedRules } from './keyed.ts'
import { LAYOUT_PROPERTIES, layoutRules } from './layout.ts'
import { keyFault, MetadataDescription } from './metadata.ts'
import { SCHEMA_POLICIES } from './schema-policy.ts'

const NAMES_ALIKE = 'two names differ in nothing but upper and lower case'

const FieldDescription = z
  .strictObject({
    type: NamedFieldType,
    aliases: z.array(z.string().min(1)).default([]),
    shapes: z.array(z.enum(TIMESTAMP_SHAPES)).min(1).optional(),
  })
  .refine(({ type, shapes }) => shapes === undefined || type === 'timestamp', 'only a timestamp has shapes')

const SIMPLE_TYPES = [
  'string',
  'long',
  'integer',
  'short',
  'byte',
  'double',
  'float',
  'boolean',
  'date',
  'timestamp',
  'timestamp_ntz',
  'binary',
] as const

const ColumnType: z.ZodType<DataType> = z.lazy(() =>
  z.union(
    [
      z.enum(SIMPLE_TYPES),
      Decimal,
      z.strictObject({ type: z.literal('array'), elementType: ColumnType, containsNull: z.boolean().default(true) }),
      z.strictObject({
        type: z.literal('map'),
        keyType: ColumnType,
        valueType: ColumnType,
        valueContainsNull: z.boolean().default(true),
      }),
      z
        .strictObject({ type: z.literal('struct'), fields: Columns })
        .transform(({ fields }): DataType => ({ type: 'struct', fields: structFields(fields) })),
    ],
    `there is no such type; there are ${SIMPLE_TYPES.join(', ')}, decimal(precision,scale), and array, map and struct as objects`,
  ),
)

const Column = z.strictObject({ type: ColumnType, comment: z.string().optional() })

/** At least one: a struct without fields can't be stored. */
const Columns = z
  .record(z.string().min(1), Column)
  .refine((columns) => differ(Object.keys(columns)), NAMES_ALIKE)
  .refine((columns) => Object.keys(columns).length > 0, 'no columns')

/** A column that is not kept is there for the rules of a keyed table and for expectations. */
const TopColumn = Column.extend({ keep: z.boolean().default(true) })

const TopColumns = z
  .record(z.string().min(1), TopColumn)
  .refine((columns) => differ(Object.keys(columns)), NAMES_ALIKE)
  .refine((columns) => Object.values(columns).some(({ keep }) => keep), 'no columns')

const Expectation = z.strictObject({ predicate: z.string().min(1), otherwise: z.enum(OUTCOMES) })

/** Avro whose schemas the data set has: names of files beside dataset.json, or the schemas themselves. */
const OwnSchemas = z
  .strictObject({
    name: z.literal('avro'),
    framing: z.enum(FRAMINGS).default('none'),
    schemas: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).min(1),
  })
  .refine(({ framing, schemas }) => framing !== 'none' || schemas.length === 1, 'without framing there is one schema')

/** How Debezium's changes are wanted. */
const DebeziumFormat = z.strictObject({
  name: z.literal('debezium'),
  values: z.enum(['json', 'avro']).optional(),
  tombstones: z.enum(['delete', 'ignore']).optional(),
  types: z.record(z.string().min(1), z.string().min(1)).optional(),
})

/** Protobuf of one message: files beside dataset.json, of which the first has the message, and others are imported. */
const OwnMessage = z.strictObject({
  name: z.literal('protobuf'),
  message: z.string().min(1),
  schemas: z.array(z.string()).min(1),
})

const MessageFormat = z.union([
  z
    .string()
    .refine((name) => formatNames().includes(name), { error: () => `the formats are: ${formatNames().join(', ')}` }),
  OwnSchemas,
  DebeziumFormat,
  OwnMessage,
])

const Description = z
  .strictObject({
    description: z.string(),
    format: MessageFormat.default('json'),
    keyFormat: MessageFormat.optional(),
    fields: z
      .record(z.string().min(1), FieldDescription)
      .refine(
        (fields) => differ(Object.entries(fields).flatMap(([name, { aliases }]) => [name, ...aliases])),
        NAMES_ALIKE,
      ),
    metadata: MetadataDescription,
    columns: TopColumns,
    onSchemaChange: z.enum(SCHEMA_POLICIES).default('ignore'),
    ...KEYED_PROPERTIES,
    ...LAYOUT_PROPERTIES,
    expectations: z
      .record(z.string().min(1), Expectation)
      .refine((all) => Object.keys(all).length <= MOST_EXPECTATIONS, `at most ${MOST_EXPECTATIONS} expectations`)
      .default({}),
  })
  .refine(({ fields, metadata }) => differ([...Object.keys(fields), ...Object.keys(metadata)]), {
    error: NAMES_ALIKE,
    path: ['metadata'],
  })

/** Parses and checks dataset.json. */
export function parseDescription(text: string, file: string, context?: FormatContext): Omit<Dataset, 'name' | 'sql'> {
  return checkDescription(parseJson(text, file), file, context, dirname(file))
}

/** Checks what dataset.json says; `where` is what an error calls it, `folder` where files that it names are. */
export function checkDescription(
  value: unknown,
  where: string,
  context?: FormatContext,
  folder = '.',
): Omit<Dataset, 'name' | 'sql'> {
  const parsed = Description.safeParse(value)
  if (!parsed.success) throw new MillraceError('DATASET_INVALID', `${where}: ${z.prettifyError(parsed.error)}`)
  const { description, format, keyFormat, fields, columns, expectations, onSchemaChange } = parsed.data
  const metadata = Object.entries(parsed.data.metadata).map(([name, what]) => ({ name, ...what }))
  const [kept, notKept] = [true, false].map((wanted) =>
    structFields(Object.fromEntries(Object.entries(columns).filter(([, { keep }]) => keep === wanted))),
  ) as [StructField[], StructField[]]
  const fault = (property: string, message: string): never => {
    throw new MillraceError('DATASET_INVALID', `${where}: ${property}: ${message}`)
  }
  const schema: StructType = { type: 'struct', fields: kept }
  const ofKeys = keyFault(metadata, keyFormat)
  if (ofKeys !== undefined) fault('keyFormat', ofKeys)
  const keyed = keyedRules(parsed.data, kept, notKept, fault)
  const layout = layoutRules(parsed.data, schema, keyed !== undefined, fault)
  return {
    description,
    ...(onSchemaChange !== 'ignore' && { onSchemaChange }),
    format: isDebezium(format)
      ? openFormat(debeziumOf(format, Object.keys(fields), keyed), context)
      : formatOf(format, where, context, folder),
    ...(keyFormat !== undefined && { keyFormat: keysBy(keyFormat, where, context, folder) }),
    fields: Object.entries(fields).map(
      ([name, { type, aliases, shapes }]): Field => ({ name, type, aliases, shapes: shapes ?? TIMESTAMP_SHAPES }),
    ),
    metadata,
    schema,
    ...(keyed && { keyed }),
    ...(layout && { layout }),
    expectations: Object.entries(expectations).map(([name, expectation]) => ({ name, ...expectation })),
  }
}

function keysBy(
  format: z.infer<typeof MessageFormat>,
  where: string,
  context: FormatContext | undefined,
  folder: string,
): Format {
  if (!isDebezium(format)) return formatOf(format, where, context, folder)
  throw new MillraceError('DATASET_INVALID', `${where}: keyFormat: debezium reads the keys that it needs by itself`)
}

type DebeziumProperty = 'debezium' | z.infer<typeof DebeziumFormat>

function isDebezium(format: z.infer<typeof MessageFormat>): format is DebeziumProperty {
  return format === 'debezium' || (typeof format !== 'string' && format.name === 'debezium')
}

/** Adds what the rest of the data set says: which members of the envelope it wants, and what tombstones and truncates can mean. */
function debeziumOf(
  format: DebeziumProperty,
  fields: readonly string[],
  keyed: Keyed | undefined,
): DebeziumDescription {
  const { values, tombstones, types } = typeof format === 'string' ? {} : format
  const added = fields.filter((name) => name.startsWith('__'))
  // A tombstone has no sequence. It says nothing new where the envelope, which has one, has said it before.
  const fromEnvelope = keyed !== undefined && keyed.sequenceBy.length > 0 && added.length > 0
  const usual = keyed && !fromEnvelope ? 'delete' : 'ignore'
  const truncates = keyed ? 'apply' : added.includes('__op') ? 'row' : 'ignore'
  return { name: 'debezium', values, tombstones: tombstones ?? usual, truncates, types, added }
}

function formatOf(
  format: Exclude<z.infer<typeof MessageFormat>, { readonly name: 'debezium' }>,
  where: string,
  context: FormatContext | undefined,
  folder: string,
): Format {
  if (typeof format === 'string') return openFormat(format, context)
  const described =
    format.name === 'avro'
      ? { ...format, schemas: format.schemas.map((schema) => avroSchema(schema, folder)) }
      : { ...format, schemas: format.schemas.map((name) => ({ name, text: readText(join(folder, name)) })) }
  try {
    return openFormat(described, context)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `${where}: format: a schema can't be read: ${why}`, { cause })
  }
}

function avroSchema(schema: string | Readonly<Record<string, unknown>>, folder: string): unknown {
  return typeof schema === 'string' ? parseJson(readText(join(folder, schema)), schema) : schema
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('DATASET_INVALID', `${file} is no schema that can be read`, { cause })
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('DATASET_INVALID', `${file} is not JSON: ${why}`, { cause })
  }
}

function structFields(columns: Readonly<Record<string, z.infer<typeof Column>>>): StructField[] {
  return Object.entries(columns).map(([name, { type, comment }]) => ({
    name,
    type,
    nullable: true,
    metadata: comment === undefined ? {} : { comment },
  }))
}

/** SQL takes no notice of upper and lower case. */
function differ(names: readonly string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size === names.length
}
