import type { DataType } from '@millrace/delta'
import type { RecordShape, Shape } from '@millrace/formats'
import { columnName } from '../../infer/typed.ts'

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

/** Returns which members of a value a column of this type has room for. */
export function knownInType(type: DataType): Known {
  if (typeof type === 'string') return 'all'
  if (type.type === 'array') return knownInType(type.elementType)
  if (type.type === 'map') return { get: () => knownInType(type.valueType) }
  const known = new Map(type.fields.map((field) => [field.name.toLowerCase(), knownInType(field.type)]))
  return { get: (name) => known.get(columnName(name).toLowerCase()) }
}

/** Returns the first field in a value of this shape that is not known, by the names on the way to it. */
export function unknownIn(shape: Shape, known: Known | undefined, way: string): string | undefined {
  if (known === undefined) return way
  if (known === 'all') return undefined
  if (shape.kind === 'list') return unknownIn(shape.items, known, `${way}[]`)
  if (shape.kind === 'map') return unknownIn(shape.values, known.get('') ?? 'all', `${way}{}`)
  if (shape.kind !== 'record') return undefined
  for (const [name, inner] of Object.entries(shape.fields)) {
    const found = unknownIn(inner, known.get(name), `${way}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** The way to a member, in a form that no two ways share. */
export type Path = string

export const pathOf = (above: Path, name: string): Path => `${above}${JSON.stringify(name)}`
export const pathOfItems = (above: Path): Path => `${above}[]`

/** Returns a shape that has these members and what they are in; their types are not looked at. */
export function shapeOfPaths(paths: ReadonlySet<Path>): RecordShape {
  const shape = shapeOfSteps([...paths].map((path) => path.match(STEP) ?? []))
  return shape.kind === 'record' ? shape : { kind: 'record', fields: {} }
}

const STEP = /"(?:[^"\\]|\\.)*"|\[\]/g

function shapeOfSteps(ways: readonly (readonly string[])[]): Shape {
  const rests = Map.groupBy(
    ways.filter((way) => way.length > 0),
    ([step]) => String(step),
  )
  if (rests.size === 0) return { kind: 'nothing' }
  const of = (all: readonly (readonly string[])[]) => shapeOfSteps(all.map(([, ...rest]) => rest))
  const items = rests.get('[]')
  if (items) return { kind: 'list', items: of(items) }
  return { kind: 'record', fields: Object.fromEntries([...rests].map(([step, all]) => [JSON.parse(step), of(all)])) }
}

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
