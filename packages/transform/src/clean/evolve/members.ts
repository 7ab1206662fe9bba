import type { Shape } from '@millrace/formats'

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COLON, NULL] = Buffer.from('"\\{}[]:n')

/** The members of an object that are known, each with those of its value; `all` of a value whose members do not matter. */
export type Known = Members | 'all'

export interface Members {
  get(name: string): Known | undefined
}

/** Returns which members of a value are known; items of lists have those of the list. */
export function knownIn(shape: Shape): Known {
  if (shape.kind === 'list') return knownIn(shape.items)
  if (shape.kind !== 'record' || Object.keys(shape.fields).length === 0) return 'all'
  return new Map(Object.entries(shape.fields).map(([name, inner]) => [name, knownIn(inner)]))
}

/** The way to a member, in a form that no two ways share. */
export type Path = string

export const pathOf = (above: Path, name: string): Path => `${above}${JSON.stringify(name)}`
export const pathOfItems = (above: Path): Path => `${above}[]`

interface Level {
  readonly path: Path
  /** Undefined within a member that is unknown itself. */
  readonly known: Known | undefined
}

/**
 * Returns the ways to the members of an object of JSON that are unknown, at any depth. `nulls`: whether members count
 * that are null, which say nothing of their type.
 */
export function unknownPaths(
  bytes: Uint8Array,
  start: number,
  end: number,
  known: Known,
  nulls: 'count' | 'pass',
): Set<Path> {
  const found = new Set<Path>()
  const levels: Level[] = []
  let value: Level = { path: '', known }
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === OPEN) levels.push(value)
    else if (byte === OPEN_LIST) {
      value = { path: value.known === 'all' ? '' : pathOfItems(value.path), known: value.known }
      levels.push(value)
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      levels.pop()
      value = levels.at(-1) ?? value
    } else if (byte === QUOTE) {
      const close = closingQuote(bytes, at + 1, end)
      const above = levels.at(-1)
      const colon = above && above.known !== 'all' ? afterBlanks(bytes, close + 1, end) : end
      if (above && colon < end && bytes[colon] === COLON) {
        const name = nameOf(bytes, at, close + 1)
        const own = above.known === 'all' ? above.known : above.known?.get(name)
        value = { path: own === 'all' ? '' : pathOf(above.path, name), known: own }
        const isNull = bytes[afterBlanks(bytes, colon + 1, end)] === NULL
        if (own === undefined && !(isNull && nulls === 'pass')) found.add(value.path)
      }
      at = close
    }
  }
  return found
}

function closingQuote(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return Math.min(at, end)
}

function afterBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && (bytes[at] as number) <= 0x20) at++
  return at
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    return String(JSON.parse(text))
  } catch {
    return text.slice(1, -1)
  }
}
