import type { BatchReport } from '@millrace/outputs'
import type { Report } from '../telemetry.ts'

/** Maximum names remembered: a producer may use a new one for each record. */
const MOST_NAMES = 1_000

/** Reports each unknown field when it is met for the first time. */
export function unknownFieldsReporter(report: Report): (unknown: BatchReport['unknown']) => void {
  const known = new Set<string>()
  return ({ names }) => {
    const fresh = [...names.keys()].filter((name) => !known.has(name)).slice(0, MOST_NAMES - known.size)
    for (const name of fresh) known.add(name)
    if (fresh.length > 0) report({ what: 'unknown fields', names: fresh })
  }
}
