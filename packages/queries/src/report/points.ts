import type { Answer } from '../answers.ts'

/** What an answer has for one place of its chart. */
export interface Point {
  readonly x: string
  readonly y: number
  readonly series: string | undefined
}

/** The answer's rows as its chart takes them; rows without a value have no place in it. */
export function pointsOf({ question: { chart }, columns, rows }: Answer): Point[] {
  const at = (name: string | undefined) => columns.findIndex((column) => column.name === name)
  const [x, y, series] = [at(chart.x), at(chart.y), at(chart.series)]
  return rows.flatMap((row) => {
    const value = row[y]
    if (value === null || value === undefined || !Number.isFinite(Number(value))) return []
    const name = series === -1 ? undefined : labelOf(row[series])
    return [{ x: labelOf(row[x]), y: Number(value), series: name }]
  })
}

function labelOf(value: unknown): string {
  return value === null || value === undefined ? '(none)' : String(value)
}
