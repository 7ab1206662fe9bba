import { join } from 'node:path'

export const DATE = '2026-01-31'

/** Where every contestant leaves its tables and its answers: where `millrace batch` does. */
export function placesIn(output: string) {
  return { tables: join(output, 'lake/batch'), answers: join(output, 'out', DATE) }
}
