import type { Format } from './format.ts'
import { jsonFormat } from './json/format.ts'

/** Every format that a data set can name. A new one is a folder beside `json` and a line here. */
const FORMATS: readonly Format[] = [jsonFormat]

export const formatNames: readonly string[] = FORMATS.map(({ name }) => name)

/** Returns the format of this name. */
export function formatNamed(name: string): Format | undefined {
  return FORMATS.find((format) => format.name === name)
}
