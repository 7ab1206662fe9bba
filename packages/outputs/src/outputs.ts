import { openDelta } from './delta/output.ts'
import type { OpenOutput } from './output.ts'
import { openQuarantine } from './quarantine/output.ts'

/** All outputs; a new one is a line here. */
export const OUTPUTS = {
  delta: openDelta,
  quarantine: openQuarantine,
} satisfies Record<string, OpenOutput>
