import type { Environment } from '@millrace/base'

/** What a format may need from the configuration. */
export interface FormatContext {
  /** Address of the schema registry. */
  readonly registry?: string | undefined
  /** Where its login is found. */
  readonly environment: Environment
}
