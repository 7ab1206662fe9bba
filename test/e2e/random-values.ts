import type { Below, ComparedColumn } from './compared-columns.ts'

/** A column that both sides show alike. */
export function plain(name: string, sql: string, field: string, value: ComparedColumn['value']): ComparedColumn {
  return { ...{ name, sql, field, value }, type: field === 'text' ? 'string' : field }
}

/** Returns a number of two digits. */
export const two = (value: number) => String(value).padStart(2, '0')
export const day = (next: Below) => `${1000 + next(8999)}-${two(1 + next(12))}-${two(1 + next(28))}`
export const time = (next: Below) => `${two(next(24))}:${two(next(60))}:${two(next(60))}`
export const digits = (next: Below, count: number) =>
  Array.from({ length: 1 + next(count) }, (_, i) => (i === 0 ? 1 + next(9) : next(10))).join('')
export const hex = (next: Below, bytes: number) =>
  Array.from({ length: bytes }, () => next(256).toString(16).padStart(2, '0')).join('')
export const sign = (next: Below) => (next(2) ? '-' : '')

/** A table whose key is of two columns. */
export function pairOf(text: ComparedColumn['value']): readonly ComparedColumn[] {
  return [
    plain('a', 'VARCHAR(20)', 'text', (next) => `'a "${next(20)}'`),
    plain('b', 'INT', 'integer', (next) => String(next(20))),
    plain('v', 'TEXT', 'text', text),
  ]
}

/** A table of which each change is compared: few rows that change often. */
export function smallOf(text: ComparedColumn['value']): readonly ComparedColumn[] {
  return [
    plain('id', 'INT', 'integer', (next) => String(next(12))),
    plain('v', 'VARCHAR(100)', 'text', text),
    plain('n', 'INT', 'integer', (next) => String(next(1000))),
  ]
}
