import { MillraceError } from '@millrace/base'
import type { DataType, StructField } from '@millrace/delta'
import { formatNamed, formatNames, jsonFormat } from '@millrace/formats'
import { z } from 'zod'
import type { Dataset } from './dataset.ts'
import { MOST_EXPECTATIONS, OUTCOMES } from './expectations.ts'
import { FIELD_TYPES, type Field, TIMESTAMP_SHAPES } from './fields.ts'

const FieldDescription = z
  .strictObject({
    type: z.enum(FIELD_TYPES),
    aliases: z.array(z.string().min(1)).default([]),
    shapes: z.array(z.enum(TIMESTAMP_SHAPES)).min(1).optional(),
  })
  .refine(({ type, shapes }) => shapes === undefined || type === 'timestamp', 'only a timestamp has shapes')

const Primitive = z.enum(['string', 'long', 'integer', 'double', 'boolean', 'date', 'timestamp'])

const ColumnType: z.ZodType<DataType> = z.lazy(() =>
  z.union([
    Primitive,
    z.strictObject({ type: z.literal('array'), elementType: ColumnType, containsNull: z.boolean() }),
  ]),
)

const Column = z.strictObject({ type: ColumnType, comment: z.string().optional() })

const Expectation = z.strictObject({ predicate: z.string().min(1), otherwise: z.enum(OUTCOMES) })

const NAMES_ALIKE = 'two names differ in nothing but upper and lower case'

const MessageFormat = z
  .string()
  .refine((name) => formatNames.includes(name), { error: `the formats are: ${formatNames.join(', ')}` })
  .default(jsonFormat.name)

const Description = z.strictObject({
  description: z.string(),
  format: MessageFormat,
  fields: z
    .record(z.string().min(1), FieldDescription)
    .refine(
      (fields) => differ(Object.entries(fields).flatMap(([name, { aliases }]) => [name, ...aliases])),
      NAMES_ALIKE,
    ),
  columns: z.record(z.string().min(1), Column).refine((columns) => differ(Object.keys(columns)), NAMES_ALIKE),
  expectations: z
    .record(z.string().min(1), Expectation)
    .refine((all) => Object.keys(all).length <= MOST_EXPECTATIONS, `at most ${MOST_EXPECTATIONS} expectations`)
    .default({}),
})

/** Parses and checks dataset.json. */
export function parseDescription(text: string, file: string): Omit<Dataset, 'name' | 'sql'> {
  const parsed = Description.safeParse(parseJson(text, file))
  if (!parsed.success) throw new MillraceError('DATASET_INVALID', `${file}: ${z.prettifyError(parsed.error)}`)
  const { description, format, fields, columns, expectations } = parsed.data
  return {
    description,
    format: formatNamed(format) ?? jsonFormat,
    fields: Object.entries(fields).map(
      ([name, { type, aliases, shapes }]): Field => ({ name, type, aliases, shapes: shapes ?? TIMESTAMP_SHAPES }),
    ),
    schema: { type: 'struct', fields: Object.entries(columns).map(([name, column]) => structField(name, column)) },
    expectations: Object.entries(expectations).map(([name, expectation]) => ({ name, ...expectation })),
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MillraceError('DATASET_INVALID', `${file} is not JSON`, { cause })
  }
}

function structField(name: string, { type, comment }: z.infer<typeof Column>): StructField {
  return { name, type, nullable: true, metadata: comment === undefined ? {} : { comment } }
}

/** SQL takes no notice of upper and lower case. */
function differ(names: readonly string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size === names.length
}
