import { endBefore, type JoinedValues, refuseBomb, valueAt } from '@millrace/base'
import { type MessageSchemas, type RecordShape, shapeOfRecords } from '@millrace/formats'

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COLON, NULL] = Buffer.from('"\\{}[]:n')

/** Records whose values say what a new field's type is. */
const MOST_SAMPLES = 1_000
/** A producer may make up a name for each record. */
const MOST_SETS = 1_000

/**
 * Returns, as schemas of the messages, which members of the lines are not among the known ones: a shape for each set of
 * them that some line has. What is no JSON is left to who reads it. `nulls`: whether members count that are null, which
 * say nothing of their type.
 */
export function unknownMembers(
  lines: JoinedValues,
  isKnown: (name: string) => boolean,
  nulls: 'count' | 'pass',
): MessageSchemas {
  const sets = new Map<string, number>()
  const names: (readonly string[])[] = []
  const of = new Int32Array(lines.count).fill(-1)
  const samples: unknown[] = []
  for (let index = 0; index < lines.count; index++) {
    const end = lines.ends[index] as number
    if (end < 0) continue
    const unknown = membersOf(lines.bytes, endBefore(lines.ends, index), end, nulls).filter((name) => !isKnown(name))
    if (unknown.length === 0) continue
    const key = JSON.stringify(unknown)
    const known = sets.get(key)
    const isWanted = known === undefined ? names.length < MOST_SETS : samples.length < MOST_SAMPLES
    const record = isWanted ? parsed(valueAt(lines, index)) : undefined
    if (record) samples.push(Object.fromEntries(unknown.map((name) => [name, record[name]])))
    if (known !== undefined || !record) of[index] = known ?? -1
    else {
      sets.set(key, names.length)
      of[index] = names.push(unknown) - 1
    }
  }
  const all = shapeOfRecords(samples)
  return { shapes: names.map((set) => shapeOf(set, all)), of }
}

function shapeOf(names: readonly string[], { fields }: RecordShape): RecordShape {
  return {
    kind: 'record',
    fields: Object.fromEntries(names.map((name) => [name, fields[name] ?? { kind: 'nothing' }])),
  }
}

function parsed(value: Uint8Array | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = Buffer.from(value ?? []).toString()
    refuseBomb(text)
    const record: unknown = JSON.parse(text)
    return typeof record === 'object' && record !== null && !Array.isArray(record) ? { ...record } : undefined
  } catch {
    return undefined
  }
}

/** Returns the names of an object's members. */
function membersOf(bytes: Uint8Array, start: number, end: number, nulls: 'count' | 'pass'): string[] {
  const names: string[] = []
  let depth = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === OPEN || byte === OPEN_LIST) depth++
    else if (byte === CLOSE || byte === CLOSE_LIST) depth--
    else if (byte === QUOTE) {
      const close = closingQuote(bytes, at + 1, end)
      const colon = depth === 1 ? afterBlanks(bytes, close + 1, end) : end
      const isName = colon < end && bytes[colon] === COLON
      const isNull = isName && bytes[afterBlanks(bytes, colon + 1, end)] === NULL
      if (isName && !(isNull && nulls === 'pass')) names.push(nameOf(bytes, at, close + 1))
      at = close
    }
  }
  return names
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
