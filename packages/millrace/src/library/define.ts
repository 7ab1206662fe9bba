import type { Format } from '@millrace/formats'
import type { OpenOutput } from '@millrace/outputs'
import type { ObjectStore } from '@millrace/store'
import type { OpenSource } from '@millrace/transport'
import type { Config } from '../settings/config.ts'
import type { DatasetDefinition } from './dataset.ts'

// They return what they are given: an editor then knows the names and the types of it.

/**
 * For millrace.config.ts.
 * @public
 */
export function defineConfig(config: Config): Config {
  return config
}

/**
 * A data set as an object. It is checked by whatever works with it.
 * @public
 */
export function defineDataset(dataset: DatasetDefinition): DatasetDefinition {
  return dataset
}

/**
 * Where records come from. The contract stands on `Source`.
 * @public
 */
export function defineSource(open: OpenSource): OpenSource {
  return open
}

/**
 * Where clean rows go. The contract stands on `Output`.
 * @public
 */
export function defineOutput(open: OpenOutput): OpenOutput {
  return open
}

/**
 * How messages are written. The contract stands on `Format`.
 * @public
 */
export function defineFormat(format: Format): Format {
  return format
}

/**
 * Where tables live. The contract stands on `ObjectStore`.
 * @public
 */
export function defineStore(store: ObjectStore): ObjectStore {
  return store
}
