import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartHtml } from '../../src/index.ts'
import { parseQuestion } from '../../src/questions.ts'
import { ticksUpTo } from '../../src/report/lines.ts'

const COLUMNS = [
  { name: 'place', type: 'string' },
  { name: 'who', type: 'string' },
  { name: 'count', type: 'long' },
] as const

/** `chart` as `KIND x=COLUMN y=COLUMN [series=COLUMN]`. */
function drawn(chart: string, rows: readonly (readonly unknown[])[]): string {
  const [kind, ...pairs] = chart.split(' ')
  const described = { kind, ...Object.fromEntries(pairs.map((pair) => pair.split('='))) }
  const question = parseQuestion('q', { title: 'T', chart: described, reads: ['t'] }, 'SELECT 1\nORDER BY 1')
  return chartHtml({ question, columns: COLUMNS, rows }).markup
}

const texts = (markup: string) =>
  [...markup.matchAll(/>([^<>]+)</g)].map(([, text = '']) => text.trim()).filter(Boolean)

describe('a ranking of countries', () => {
  it('begins with the highest, and names that share a place stand beside it', () => {
    const rows = [
      ['Bern', 'x', 2],
      ['Atlantis', 'y', 7],
      ['Atlantis', 'z', 7],
    ]
    expect(texts(drawn('countries x=place y=count series=who', rows))).toEqual([
      'Atlantis',
      'y, z',
      '7',
      'Bern',
      'x',
      '2',
    ])
  })

  it('shows the highest twenty and says how many there are', () => {
    const rows = Array.from({ length: 1234 }, (_, i) => [`place ${i}`, 'x', i])
    const markup = drawn('countries x=place y=count', rows)
    expect(markup.match(/class="bar"/g)).toHaveLength(20)
    expect(markup).toContain('The highest 20 of 1,234; all are in the table.')
  })
})

it('lines of several series become a small chart each', () => {
  const rows = ['a', 'b', 'c'].flatMap((who) => ['2018', '2019'].map((year) => [year, who, 3]))
  expect(drawn('lines x=place y=count series=who', rows).match(/class="small-chart"/g)).toHaveLength(3)
  expect(drawn('lines x=place y=count', rows)).not.toContain('small-chart')
})

it('who hears the page hears what the picture shows', () => {
  const markup = drawn('bars x=place y=count series=who', [['Bern', 'x', 12345]])
  expect(markup).toContain(
    'aria-label="Bar chart of count by place. The highest is 12,345: Bern, x. The table has every value."',
  )
})

it('an answer without a row, or without a value, says so', () => {
  for (const rows of [[], [['Bern', 'x', null]]])
    expect(drawn('lines x=place y=count', rows)).toContain('nothing to show')
})

it('ticks are even, begin at 0 and reach as far as the values do, but not much further', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (most) => {
      const ticks = ticksUpTo(most)
      expect(ticks[0]).toBe(0)
      expect(ticks.length).toBeGreaterThanOrEqual(3)
      expect(ticks.length).toBeLessThanOrEqual(6)
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-6))
      expect(ticks.at(-2)).toBeLessThan(most)
    }),
  )
})
