import type { Answer } from '../answers.ts'

/** Point of a chart. */
export interface Point {
  readonly x: string
  readonly y: number
  readonly series: string | undefined
}

/** Returns the answer's rows as points, without the rows that have no number. */
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
