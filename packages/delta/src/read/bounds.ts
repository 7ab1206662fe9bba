import { parseWithNumberText } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import type { DataType } from '../log/schema.ts'

/** Statistics of one column in a file; unknown ones are undefined. */
export interface Bounds {
  readonly min?: Comparable
  readonly max?: Comparable
  /** Longer strings of the file may go on from `max`: writers cut them off. */
  readonly maxText?: string
  readonly noNulls: boolean
  readonly allNulls: boolean
}

/** Something with an order: only values of one column are ever compared. */
export type Comparable = { readonly kind: 'exact'; readonly unscaled: bigint; readonly scale: number } | Rough

type Rough = { readonly kind: 'rough'; readonly value: number } | { readonly kind: 'text'; readonly text: Uint8Array }

export function compare(a: Comparable, b: Comparable): number | undefined {
  if (a.kind === 'exact' && b.kind === 'exact') {
    const [left, right] = [a.unscaled * 10n ** BigInt(b.scale), b.unscaled * 10n ** BigInt(a.scale)]
    return left < right ? -1 : left > right ? 1 : 0
  }
  if (a.kind === 'rough' && b.kind === 'rough') return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
  if (a.kind === 'text' && b.kind === 'text') return Buffer.compare(a.text, b.text)
  return undefined
}

const EXACT = /^(byte|short|integer|long|decimal.*)$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}(?::?\d{2})?)?$/

/** A value of the type as text; undefined where we don't know its order for sure, so that nothing is concluded. */
export function comparable(text: string, type: DataType): Comparable | undefined {
  if (typeof type !== 'string') return undefined
  if (EXACT.test(type)) return exact(text)
  if (type === 'float' || type === 'double') return rough(Number(text))
  if (type === 'string') return { kind: 'text', text: Buffer.from(text) }
  if (type === 'boolean') return text === 'true' || text === 'false' ? rough(text === 'true' ? 1 : 0) : undefined
  if (type === 'date') return DAY.test(text) ? { kind: 'text', text: Buffer.from(text) } : undefined
  if (type === 'timestamp' || type === 'timestamp_ntz') return microseconds(text)
  return undefined
}

function rough(value: number): Comparable | undefined {
  return Number.isNaN(value) ? undefined : { kind: 'rough', value }
}

function exact(text: string): Comparable | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const scale = fraction.length - Number(exponent)
  if (Math.abs(scale) > 100) return undefined
  const digits = BigInt(`${sign}${whole}${fraction}`)
  return { kind: 'exact', unscaled: digits * 10n ** BigInt(Math.max(0, -scale)), scale: Math.max(0, scale) }
}

function microseconds(text: string): Comparable | undefined {
  const match = TIME.exec(DAY.test(text) ? `${text}T00:00:00` : text)
  if (!match) return undefined
  const [, day, time, fraction = '', zone = 'Z'] = match
  const milliseconds = Date.parse(`${day}T${time}${zone.length === 3 ? `${zone}:00` : zone}`)
  if (Number.isNaN(milliseconds)) return undefined
  return { kind: 'exact', unscaled: BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0')), scale: 0 }
}

export interface Stats {
  readonly numRecords?: string
  readonly minValues?: Readonly<Record<string, unknown>>
  readonly maxValues?: Readonly<Record<string, unknown>>
  readonly nullCount?: Readonly<Record<string, unknown>>
}

export function statsOf({ stats }: AddFile): Stats {
  if (!stats) return {}
  try {
    return (parseWithNumberText(stats) ?? {}) as Stats
  } catch {
    // Statistics only ever spare work: a table with broken ones can be read.
    return {}
  }
}

/** Other writers truncate timestamps to milliseconds. */
const CUT_OFF_MICROSECONDS = 999n

export function boundsOf(stats: Stats, column: string, type: DataType): Bounds {
  const nulls = stats.nullCount?.[column]
  const max = stats.maxValues?.[column]
  const greatest = toComparable(max, type)
  return {
    ...present('min', toComparable(stats.minValues?.[column], type)),
    ...present('max', greatest?.kind === 'exact' && isTime(type) ? later(greatest, CUT_OFF_MICROSECONDS) : greatest),
    ...(type === 'string' && typeof max === 'string' ? { maxText: max } : {}),
    noNulls: nulls === '0',
    allNulls: nulls !== undefined && nulls === stats.numRecords,
  }
}

function toComparable(value: unknown, type: DataType): Comparable | undefined {
  return typeof value === 'string' || typeof value === 'boolean' ? comparable(String(value), type) : undefined
}

function isTime(type: DataType): boolean {
  return type === 'timestamp' || type === 'timestamp_ntz'
}

function later(time: Comparable & { kind: 'exact' }, microseconds: bigint): Comparable {
  return { ...time, unscaled: time.unscaled + microseconds }
}

function present<K extends string>(key: K, value: Comparable | undefined): { [P in K]?: Comparable } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: Comparable })
}
