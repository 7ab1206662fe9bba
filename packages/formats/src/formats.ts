import type { Format } from './format.ts'
import { jsonFormat } from './json/format.ts'

/** Every format that a data set can name. A new one is a folder beside `json` and a line here. */
const FORMATS: readonly Format[] = [jsonFormat]

/** Formats of the user's own, from the configuration file. They come first. */
const own: Format[] = []

export function addFormats(formats: readonly Format[]): void {
  own.unshift(...formats)
}

export function formatNames(): string[] {
  return [...new Set([...own, ...FORMATS].map(({ name }) => name))]
}

/** Returns the format of this name. */
export function formatNamed(name: string): Format | undefined {
  return [...own, ...FORMATS].find((format) => format.name === name)
}
