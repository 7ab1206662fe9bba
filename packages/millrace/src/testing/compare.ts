import type { Row } from './json-lines.ts'
import type { Difference } from './result.ts'

/** Returns the columns in which two rows differ; a column that one of them lacks is NULL there. */
export function compareRows(expected: Row, got: Row, about: Pick<Difference, 'record' | 'raw'>): Difference[] {
  const columns = [...new Set([...Object.keys(got), ...Object.keys(expected)])]
  return columns.flatMap((column) => {
    const [should, is] = [shown(expected[column]), shown(got[column])]
    if (should === is) return []
    return [{ ...about, column, expected: should, got: column in got ? is : 'there is no such column' }]
  })
}

export function isSameRow(expected: Row, got: Row): boolean {
  return compareRows(expected, got, {}).length === 0
}

function shown(value: unknown): string {
  return JSON.stringify(value ?? null)
}
