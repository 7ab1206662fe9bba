import type { RecordPlan } from '../columns/read-columns.ts'
import { fingerprintOf } from './fingerprint.ts'
import { planOfSchema } from './plan.ts'
import type { PlanOf } from './read-avro.ts'
import type { AvroReader } from './reader.ts'
import { parseSchema } from './schema.ts'

/** What stands before a value whose schema is in the data set: nothing, or the header of single-object encoding. */
export const FRAMINGS = ['none', 'single-object'] as const

export type Framing = (typeof FRAMINGS)[number]

/** Messages that are nothing but a value of the one schema. */
export function noFraming(schema: unknown): PlanOf {
  const plan = planOfSchema(parseSchema(schema))
  return () => plan
}

/** Single-object encoding: C3 01 and a fingerprint of one of the schemas stand before each value. */
export function singleObjectFraming(schemas: readonly unknown[]): PlanOf {
  const known = new Map(schemas.map((schema) => [fingerprintOf(schema), planOfSchema(parseSchema(schema))] as const))
  let last: readonly [bigint, RecordPlan<AvroReader>] | undefined
  return (from) => {
    const { bytes, view, at, end } = from
    if (end - at < 10 || bytes[at] !== 0xc3 || bytes[at + 1] !== 1) return 'not Avro: it is no single object'
    const fingerprint = view.getBigUint64(at + 2, true)
    from.skip(10)
    if (last?.[0] === fingerprint) return last[1]
    const plan = known.get(fingerprint)
    if (!plan) return `not Avro: its schema ${fingerprint.toString(16).padStart(16, '0')} is not known`
    last = [fingerprint, plan]
    return plan
  }
}
