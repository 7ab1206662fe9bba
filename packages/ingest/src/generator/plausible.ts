import { decimalType } from '@millrace/delta'
import { between, bits, type Chance, chanceOf } from './chance.ts'
import { endRecord, type Page, put, putInteger, putTenThousandths } from './page.ts'
import type { RecordGenerator } from './record-generator.ts'
import { daysBetween, literal, putMoment, putWords } from './texts.ts'

/** Name and type of a field of a data set. */
export interface FieldShape {
  readonly name: string
  readonly type: string
}

const DAYS = daysBetween('2020-01-01', '2025-12-31')
const [OPEN, CLOSE, COMMA, QUOTE] = ['{', '}', ',', '"'].map(literal) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const BOOLEANS = [literal('false'), literal('true')] as const
const USUAL_FIELD_BYTES = 32
const [LARGEST_NUMBER, LARGEST_TEN_THOUSANDTHS] = [1_000, 10_000_000]

/**
 * Returns a generator of plausible records. The first whole-number field counts the records like a key; all other values
 * are drawn from the range of their type.
 */
export function plausibleGenerator(fields: readonly FieldShape[], seed: number): RecordGenerator {
  const key = fields.findIndex(({ type }) => type === 'integer' || type === 'long')
  const members = fields.map(({ name, type }) => ({
    start: literal(`${JSON.stringify(name)}:`),
    putValue: putOf(type),
  }))
  return {
    usualBytes: fields.length * USUAL_FIELD_BYTES,
    write(page, record) {
      const chance = chanceOf(seed, 1, record)
      put(page, OPEN)
      for (const [i, { start, putValue }] of members.entries()) {
        if (i > 0) put(page, COMMA)
        put(page, start)
        if (i === key) putInteger(page, record)
        else putValue(page, chance)
      }
      put(page, CLOSE)
      endRecord(page)
    },
  }
}

type Put = (page: Page, chance: Chance) => void

function putOf(type: string): Put {
  const decimal = decimalType(type)
  if (decimal) return putDecimal(decimal)
  switch (type) {
    case 'integer':
    case 'long':
      return (page, chance) => putInteger(page, between(chance, 0, LARGEST_NUMBER))
    case 'double':
      return (page, chance) => putTenThousandths(page, between(chance, 0, LARGEST_TEN_THOUSANDTHS))
    case 'boolean':
      return (page, chance) => put(page, BOOLEANS[bits(chance) & 1] as Uint8Array)
    case 'date':
      return quoted((page, chance) => put(page, DAYS[between(chance, 0, DAYS.length - 1)] as Uint8Array))
    case 'timestamp':
      return quoted((page, chance) => putMoment(page, DAYS, bits(chance) / 2 ** 32))
    default:
      return quoted((page, chance) => putWords(page, chance, between(chance, 1, 4)))
  }
}

/** With at most four digits after the point. */
function putDecimal({ precision, scale }: { readonly precision: number; readonly scale: number }): Put {
  const after = Math.min(scale, 4)
  const digits = Math.min(precision - scale + after, 7)
  return (page, chance) => putTenThousandths(page, between(chance, 0, 10 ** digits - 1) * 10 ** (4 - after))
}

function quoted(putText: Put): Put {
  return (page, chance) => {
    put(page, QUOTE)
    putText(page, chance)
    put(page, QUOTE)
  }
}
