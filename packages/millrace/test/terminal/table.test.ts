import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { formatTable } from '../../src/terminal/table.ts'

describe('a table', () => {
  test('aligns its columns, numbers to the right', () => {
    const rows = [
      ['pin', 12, null],
      ['quarantine', 3n, 'x'],
    ]
    expect(formatTable(['table', 'rows', 'note'], rows)).toBe(
      ['table       rows  note', '──────────  ────  ────', 'pin           12', 'quarantine     3  x', ''].join('\n'),
    )
  })

  test('puts to the right what is said to be a figure, and colours cells without moving them', () => {
    const rows = [
      ['pin', '1.2 MB'],
      ['geo_quarantine', '12 kB'],
    ]
    const paint = (text: string, column: string, row: number) => (column === 'table' && row === 1 ? `<${text}>` : text)
    const lines = formatTable(['table', 'size'], rows, { right: ['size'], paint }).split('\n')
    expect(lines.slice(2, 4)).toEqual(['pin             1.2 MB', '<geo_quarantine>   12 kB'])
  })

  test('without rows is its heading', () => {
    expect(formatTable(['a', 'bb'], [])).toBe('a  bb\n─  ──\n')
  })

  test('counts wide letters as the screen does', () => {
    const lines = formatTable(
      ['a', 'b'],
      [
        ['日本', 'x'],
        ['abcd', 'y'],
      ],
    ).split('\n')
    expect(lines.slice(2, 4)).toEqual(['日本  x', 'abcd  y'])
  })

  test('shows line breaks and escape sequences of the data instead of obeying them', () => {
    expect(formatTable(['a'], [['one\ntwo\u001b[31m\u009b2J']])).toContain('one\\ntwo\\u001b[31m\\u009b2J')
    expect(formatTable(['a\u001b]0;title\u0007'], [[1]]).split('\n')[0]).toBe('a\\u001b]0;title\\u0007')
  })

  test('holds very many rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [i + 1_000_000])
    expect(formatTable(['i'], rows).length).toBeGreaterThan(1_000_000)
  })

  test('cuts the widest columns to fit the screen, and only those', () => {
    const lines = formatTable(['id', 'text'], [[1, 'a'.repeat(100)]], { width: 30 }).split('\n')
    expect(lines[2]).toBe(` 1  ${'a'.repeat(25)}…`)
  })

  test('never outgrows a screen that has room for its narrowest form', () => {
    const cell = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer(), fc.constant(null))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 28, max: 80 }),
        (rows, width) => {
          for (const line of formatTable(['a', 'b', 'c'], rows, { width }).split('\n')) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width)
            expect(stripVTControlCharacters(line)).toBe(line)
          }
        },
      ),
    )
  })
})
