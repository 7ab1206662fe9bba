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
  const names = fields.map(({ name }) => literal(`${JSON.stringify(name)}:`))
  return {
    usualBytes: fields.length * USUAL_FIELD_BYTES,
    write(page, record) {
      const chance = chanceOf(seed, 1, record)
      put(page, OPEN)
      for (const [i, { type }] of fields.entries()) {
        if (i > 0) put(page, COMMA)
        put(page, names[i] as Uint8Array)
        if (i === key) putInteger(page, record)
        else putValue(page, chance, type)
      }
      put(page, CLOSE)
      endRecord(page)
    },
  }
}

function putValue(page: Page, chance: Chance, type: string): void {
  if (type === 'integer' || type === 'long') putInteger(page, between(chance, 0, LARGEST_NUMBER))
  else if (type === 'double') putTenThousandths(page, between(chance, 0, LARGEST_TEN_THOUSANDTHS))
  else if (decimalType(type)) putDecimal(page, chance, type)
  else if (type === 'boolean') put(page, BOOLEANS[bits(chance) & 1] as Uint8Array)
  else putText(page, chance, type)
}

/** With at most four digits after the point. */
function putDecimal(page: Page, chance: Chance, type: string): void {
  const { precision, scale } = decimalType(type) ?? { precision: 1, scale: 0 }
  const after = Math.min(scale, 4)
  const digits = Math.min(precision - scale + after, 7)
  putTenThousandths(page, between(chance, 0, 10 ** digits - 1) * 10 ** (4 - after))
}

function putText(page: Page, chance: Chance, type: string): void {
  put(page, QUOTE)
  if (type === 'timestamp') putMoment(page, DAYS, bits(chance) / 2 ** 32)
  else if (type === 'date') put(page, DAYS[between(chance, 0, DAYS.length - 1)] as Uint8Array)
  else putWords(page, chance, between(chance, 1, 4))
  put(page, QUOTE)
}
