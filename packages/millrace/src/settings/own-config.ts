import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Settings that count where a person has said nothing. */
export interface OwnConfig {
  readonly file: string | undefined
  /** The name for people. */
  readonly name: string
  /** Counts only as long as no data sets of one's own are configured. */
  readonly isExample: boolean
}

const file = fileURLToPath(new URL('../../../../workspace.config.ts', import.meta.url))

/** In a clone, the configuration of the workspace; the package is built with its example in its place. */
export const OWN_CONFIG: OwnConfig = {
  file: existsSync(file) ? file : undefined,
  name: 'workspace.config.ts',
  isExample: false,
}
