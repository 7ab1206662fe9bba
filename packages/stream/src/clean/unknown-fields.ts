import type { CleanReport } from '@millrace/transform'
import type { Tell } from '../telemetry.ts'

/** A producer may make up a name for each record. */
const MOST_NAMES = 1_000

/** Tells of each unknown field when it is met for the first time. */
export function unknownFieldsTeller(tell: Tell): (unknown: CleanReport['unknown']) => void {
  const known = new Set<string>()
  return ({ names }) => {
    const fresh = [...names.keys()].filter((name) => !known.has(name)).slice(0, MOST_NAMES - known.size)
    for (const name of fresh) known.add(name)
    if (fresh.length > 0) tell({ what: 'unknown fields', names: fresh })
  }
}
