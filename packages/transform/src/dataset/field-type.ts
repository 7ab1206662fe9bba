import { decimalType } from '@millrace/delta'
import { z } from 'zod'
import { SIMPLE_FIELD_TYPES } from './fields.ts'

/** The blanks that people write are not Delta's. */
export const Decimal = z.string().transform((type, context): `decimal(${string})` => {
  const decimal = decimalType(type)
  if (decimal) return `decimal(${decimal.precision},${decimal.scale})`
  context.addIssue('there is no such type; a decimal is decimal(precision,scale), of at most 38 digits')
  return z.NEVER
})

/** The type of a field as dataset.json names it. */
export const NamedFieldType = z.union(
  [z.enum(SIMPLE_FIELD_TYPES), Decimal],
  `there is no such type; there are ${SIMPLE_FIELD_TYPES.join(', ')}, decimal(precision,scale)`,
)
