import type { Config } from './settings/schema.ts'

export type { Config }

/** For millrace.config.ts: gives the editor the names and types of the settings. */
export function defineConfig(config: Config): Config {
  return config
}
