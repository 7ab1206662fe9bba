import { endBefore, type JoinedValues, refuseBomb, valueAt } from '@millrace/base'
import { type MessageSchemas, type RecordShape, type Shape, shapeOfRecords, typedFields } from '@millrace/formats'
import { type Known, type Path, pathOf, pathOfItems, shapeOfPaths, unknownPaths } from './members.ts'

/** Records whose values say what a new field's type is, beside one for each set of members. */
const MOST_SAMPLES = 1_000

/**
 * Returns, as schemas of the messages, which members of the lines are not known: a shape for each set of them that some
 * line has. What is no JSON is left to who reads it. `nulls`: whether members count that are null, which say nothing of
 * their type.
 */
export function unknownMembers(lines: JoinedValues, known: Known, nulls: 'count' | 'pass'): MessageSchemas {
  const places = new Map<string, number>()
  const sets: Set<Path>[] = []
  const of = new Int32Array(lines.count).fill(-1)
  const samples: unknown[] = []
  for (let index = 0; index < lines.count; index++) {
    const end = lines.ends[index] as number
    if (end < 0) continue
    const unknown = unknownPaths(lines.bytes, endBefore(lines.ends, index), end, known, nulls)
    if (unknown.size === 0) continue
    const key = [...unknown].join('\n')
    const before = places.get(key)
    const isWanted = before === undefined || (nulls === 'pass' && samples.length < MOST_SAMPLES)
    const record = isWanted ? parsed(valueAt(lines, index)) : undefined
    if (record) samples.push(record)
    if (before === undefined && !record) continue
    const place = before ?? sets.push(unknown) - 1
    places.set(key, place)
    of[index] = place
  }
  if (nulls === 'count') return { shapes: sets.map(shapeOfPaths), of }
  const all = shapeOfRecords(samples)
  return { shapes: sets.map((set) => typedFields(onlyIn(all, set))), of }
}

/** Returns what a shape says of these members, and of what they are in. */
function onlyIn(all: RecordShape, paths: ReadonlySet<Path>): RecordShape {
  const kept = new Set(paths)
  const keepUnknown = (shape: Shape, path: Path): Shape | undefined => {
    if (shape.kind === 'list') {
      const items = keepUnknown(shape.items, pathOfItems(path))
      return items || kept.has(path) ? { kind: 'list', items: items ?? shape.items } : undefined
    }
    if (shape.kind !== 'record') return kept.has(path) ? shape : undefined
    const fields = Object.entries(shape.fields).flatMap(([name, inner]) => {
      const found = keepUnknown(inner, pathOf(path, name))
      return found ? [[name, found] as const] : []
    })
    return fields.length > 0 || kept.has(path) ? { kind: 'record', fields: Object.fromEntries(fields) } : undefined
  }
  const only = keepUnknown(all, '')
  return only?.kind === 'record' ? only : { kind: 'record', fields: {} }
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
