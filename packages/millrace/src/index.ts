import type { Config } from './settings/config.ts'

/** @public */
export type { Config }

/**
 * For millrace.config.ts: gives the editor the names and types of the settings.
 * @public
 */
export function defineConfig(config: Config): Config {
  return config
}
