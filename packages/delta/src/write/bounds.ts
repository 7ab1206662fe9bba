import { exactNumber } from '@millrace/base'
import type { DataType } from '../log/schema.ts'

/** Delta's readers expect string bounds of at most this many characters. */
const PREFIX = 32

/**
 * A leaf's smallest or largest value as Delta's statistics hold it, from the text that DuckDB's Parquet writer
 * gives. Returns undefined if no bound is known: readers take that for "anything". A bound may be wider than the
 * data, never narrower: strings are cut off and timestamps rounded to milliseconds, both outwards.
 */
export function boundOf(side: 'min' | 'max', text: string, type: DataType): unknown {
  if (typeof type !== 'string') return undefined
  if (type.startsWith('decimal')) return number(text)
  return BOUNDS[type]?.(text, side)
}

type Bound = (text: string, side: 'min' | 'max') => unknown

const BOUNDS: Readonly<Record<string, Bound>> = {
  byte: number,
  short: number,
  integer: number,
  long: number,
  float: exactFloat,
  double: number,
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined),
  timestamp: (text, side) => instant(text, side),
  timestamp_ntz: (text, side) => instant(text, side)?.replace('Z', ''),
  string: (text, side) => (side === 'min' ? prefixOf(text) : prefixAbove(text)),
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]\d+)?$/

/** Digit for digit; `inf` and `nan` are no JSON and no bound. */
function number(text: string): unknown {
  return NUMBER.test(text) ? exactNumber(text) : undefined
}

/** The shortest text of a float is another number as a double, so the float is written as the exact double. */
function exactFloat(text: string): unknown {
  return NUMBER.test(text) ? Math.fround(Number(text)) : undefined
}

const INSTANT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3})(\d*))?(?:\+00)?$/

function instant(text: string, side: 'min' | 'max'): string | undefined {
  const match = INSTANT.exec(text)
  if (!match) return undefined
  const [, date, time, milliseconds = '', rest = ''] = match
  const floor = Date.parse(`${date}T${time}.${milliseconds.padEnd(3, '0')}Z`)
  const outwards = side === 'max' && /[1-9]/.test(rest) ? floor + 1 : floor
  const iso = new Date(outwards).toISOString()
  return iso.length === 24 ? iso : undefined
}

function prefixOf(text: string): string {
  return text.length <= PREFIX ? text : [...text].slice(0, PREFIX).join('')
}

/** Returns a short text itself, otherwise the smallest prefix that is greater in the order of UTF-8 bytes. */
function prefixAbove(text: string): string | undefined {
  if (text.length <= PREFIX) return text
  const points = [...text]
  if (points.length <= PREFIX) return text
  for (let last = PREFIX - 1; last >= 0; last--) {
    const next = following(points[last]?.codePointAt(0) ?? LAST_POINT)
    if (next !== undefined) return points.slice(0, last).join('') + String.fromCodePoint(next)
  }
  return undefined
}

const LAST_POINT = 0x10ffff

/** UTF-8 bytes sort as code points do; those of surrogates are no characters. */
function following(point: number): number | undefined {
  if (point === LAST_POINT) return undefined
  return point === 0xd7ff ? 0xe000 : point + 1
}
