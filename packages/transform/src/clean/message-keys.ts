import { bytesOfKey, isExactNumber, joinValues, parseExactly, valueAt } from '@millrace/base'
import { type Format, type RawMessages, type ReadMessages, type RejectedMessage, recordText } from '@millrace/formats'
import type { MessageMetadata } from '../dataset/metadata.ts'

/** The keys of a block's messages as their format reads them. */
export interface ReadKeys {
  /** Returns the key as an object of JSON; undefined where the message has none. */
  textOf(index: number): string | undefined
  /** Returns the value of a field of the key, which JSON.stringify writes as it came. */
  memberOf(index: number, name: string): unknown
  /** Why messages are rejected for their keys, by their places. */
  readonly rejected: ReadonlyMap<number, string>
}

type Members = Readonly<Record<string, unknown>>

/** Reads the keys, where the source hands them over. A key that is no object is one with the field `value`. */
export async function readKeys(format: Format, { keys = [] }: RawMessages): Promise<ReadKeys> {
  const {
    lines,
    columns,
    rejected: unread,
  } = await format.read(joinValues(keys.map((key) => (key === undefined ? null : bytesOfKey(key)))))
  const rejected = new Map<number, string>()
  const members: (Members | undefined)[] = []
  for (const { index, reason } of unread) if (keys[index] !== undefined) rejected.set(index, `key: ${reason}`)
  for (let index = 0; index < keys.length; index++) {
    const line = valueAt(lines, index)
    if (!line) continue
    const read = membersIn(line)
    if (typeof read === 'string') rejected.set(index, `key: ${read}`)
    else members[index] = read
  }
  columns?.release()
  return {
    textOf: (index) => members[index] && JSON.stringify(members[index]),
    memberOf: (index, name) => (Object.hasOwn(members[index] ?? {}, name) ? members[index]?.[name] : undefined),
    rejected,
  }
}

/** Returns what a key has, numbers digit for digit; or why it is none. */
function membersIn(line: Uint8Array): Members | string {
  const record = recordText(line)
  if ('reason' in record) return record.reason
  try {
    const key = parseExactly(record.text)
    return isObject(key) ? key : { value: key }
  } catch {
    return 'not JSON'
  }
}

function isObject(key: unknown): key is Members {
  return typeof key === 'object' && key !== null && !Array.isArray(key) && !isExactNumber(key)
}

/** Returns why messages are rejected whose keys are texts and not UTF-8: two keys could be one row as what people see of them. */
export function keysThatAreNoText(
  metadata: readonly MessageMetadata[],
  { keys = [] }: RawMessages,
): ReadonlyMap<number, string> {
  const rejected = new Map<number, string>()
  if (!metadata.some(({ from }) => from === 'key')) return rejected
  for (const [index, key] of keys.entries()) {
    if (key !== undefined && !key.isWellFormed())
      rejected.set(index, 'key: not UTF-8, and the data set has no keyFormat')
  }
  return rejected
}

/** Returns the block without the messages whose keys can't be read. */
export function withoutBadKeys(read: ReadMessages, bad: ReadonlyMap<number, string>): ReadMessages {
  if (bad.size === 0) return read
  const { columns: _, ...rest } = read
  const { lines } = read
  const known = new Set([...read.rejected.map(({ index }) => index), ...(read.ignored ?? [])])
  const rejected: RejectedMessage[] = [...read.rejected]
  const ends = lines.ends.slice()
  for (const [index, reason] of bad) {
    if (known.has(index)) continue
    rejected.push({ index, reason })
    const end = ends[index] as number
    ends[index] = end < 0 ? end : -1 - end
  }
  return {
    ...rest,
    lines: { ...lines, ends, traits: { ...lines.traits, nulls: true, first: -1 } },
    rejected: rejected.sort((a, b) => a.index - b.index),
  }
}
