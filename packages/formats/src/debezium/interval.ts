import { Undecodable } from '../transcode/undecodable.ts'

const INTERVAL = /^P(-?\d{1,10})Y(-?\d{1,10})M(-?\d{1,10})DT(-?\d{1,10})H(-?\d{1,10})M(-?\d{1,10}(?:\.\d{1,9})?)S$/
const UNITS = ['year', 'mon', 'day'] as const

/** Writes an interval as PostgreSQL does, of the text that Debezium makes of it: 1 year 2 mons -3 days +04:05:06.7 */
export function intervalOf(text: string): string {
  const [, ...values] = INTERVAL.exec(text) ?? []
  if (values.length === 0) throw new Undecodable('no interval')
  const [whole, clock] = [values.slice(0, 3).map(Number), values.slice(3)]
  const parts: string[] = []
  let isBelowZero = false
  for (const [i, value] of whole.entries()) {
    if (value === 0) continue
    parts.push(`${isBelowZero && value > 0 ? '+' : ''}${value} ${UNITS[i]}${value === 1 ? '' : 's'}`)
    isBelowZero = value < 0
  }
  if (clock.some((value) => Number(value) !== 0) || parts.length === 0) {
    const sign = clock.some((value) => Number(value) < 0) ? '-' : isBelowZero ? '+' : ''
    parts.push(`${sign}${clock.map(twoDigits).join(':')}`)
  }
  return parts.join(' ')
}

function twoDigits(value: string): string {
  const [whole = '', fraction = ''] = value.replace('-', '').split('.')
  const rest = fraction.replace(/0+$/, '')
  return `${whole.padStart(2, '0')}${rest === '' ? '' : `.${rest}`}`
}
