import type { DatabaseSync } from 'node:sqlite'
import { type JoinedValues, pickValues } from '@millrace/base'
import { idKeeper, type Stored } from './ids.ts'

/** Messages as they come in: their values newline-joined, their keys and ids where they have any. */
export interface NewMessages extends JoinedValues {
  readonly keys?: readonly (string | null)[]
  readonly ids?: readonly (string | null)[]
}

/** What a row takes up in the file beside its values and keys, about. */
const ROW_BYTES = 64

/** Call inside a transaction. Answers where each message lies: one whose id is there already lies where that does. */
export function appender(db: DatabaseSync, retentionBytes: number) {
  const ids = idKeeper(db)
  const advance = db.prepare(
    'UPDATE partition SET next_offset = next_offset + ?, bytes = bytes + ? WHERE topic = ? AND partition = ? RETURNING next_offset, bytes',
  )
  const insert = db.prepare(
    'INSERT INTO batch (topic, partition, base, count, time, traits, ends, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const insertKeys = db.prepare('INSERT INTO batch_keys (topic, partition, base, keys) VALUES (?, ?, ?, ?)')
  const trim = trimmer(db, retentionBytes, ids.forget)

  const store = (topic: number, partition: number, messages: NewMessages, time: number): number => {
    const { count, traits, ends, bytes, keys } = messages
    const keysText = keys?.some((key) => key !== null) ? JSON.stringify(keys) : undefined
    const size = bytes.length + ends.byteLength + Buffer.byteLength(keysText ?? '') + ROW_BYTES
    const after = advance.get(count, size, topic, partition) as {
      next_offset: number
      bytes: number
    }
    const base = after.next_offset - count
    const endBytes = new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength)
    insert.run(topic, partition, base, count, time, JSON.stringify(traits), endBytes, bytes)
    if (keysText !== undefined) insertKeys.run(topic, partition, base, keysText)
    trim(topic, partition, base, after.bytes)
    return base
  }
  const storeNew = (topic: number, partition: number, messages: NewMessages, time: number): Stored[] => {
    const { ids: given = [], keys } = messages
    const there = given.map((id) => (id === null ? undefined : ids.find(topic, id)))
    const first = new Map<string, number>()
    for (const [i, id] of given.entries()) if (id !== null && !there[i] && !first.has(id)) first.set(id, i)
    const fresh = given.flatMap((id, i) => (there[i] || (id !== null && first.get(id) !== i) ? [] : [i]))
    const kept = { ...pickValues(messages, fresh), ...(keys && { keys: fresh.map((i) => keys[i] ?? null) }) }
    const base = fresh.length === 0 ? 0 : store(topic, partition, kept, time)
    const placed = new Map(fresh.map((i, at) => [i, { partition, offset: base + at }]))
    for (const [id, i] of first) ids.remember(topic, id, placed.get(i) as Stored)
    return given.map((id, i) => (there[i] ?? placed.get(id === null ? i : (first.get(id) ?? i))) as Stored)
  }
  return (topic: number, partition: number, messages: NewMessages, time: number): Stored[] => {
    if (messages.ids?.some((id) => id !== null)) return storeNew(topic, partition, messages, time)
    const base = store(topic, partition, messages, time)
    return Array.from({ length: messages.count }, (_, i) => ({ partition, offset: base + i }))
  }
}

/** Lets go of the oldest batches of a partition that has grown too large, never of the one at `newest`. */
function trimmer(
  db: DatabaseSync,
  retentionBytes: number,
  forgetIds: (topic: number, partition: number, before: number) => void,
) {
  const oldest = db.prepare(
    `SELECT base, count, length(bytes) + length(ends) + coalesce(length(CAST(keys AS BLOB)), 0) + ${ROW_BYTES} AS size
    FROM batch LEFT JOIN batch_keys USING (topic, partition, base) WHERE topic = ? AND partition = ? ORDER BY base LIMIT 1`,
  )
  const forget = db.prepare('DELETE FROM batch WHERE topic = ? AND partition = ? AND base = ?')
  const forgetKeys = db.prepare('DELETE FROM batch_keys WHERE topic = ? AND partition = ? AND base = ?')
  const shrink = db.prepare(
    'UPDATE partition SET start_offset = ?, bytes = bytes - ? WHERE topic = ? AND partition = ?',
  )
  return (topic: number, partition: number, newest: number, bytes: number): void => {
    for (let left = bytes; left > retentionBytes; ) {
      const first = oldest.get(topic, partition) as { base: number; count: number; size: number }
      if (first.base === newest) break
      forget.run(topic, partition, first.base)
      forgetKeys.run(topic, partition, first.base)
      forgetIds(topic, partition, first.base + first.count)
      shrink.run(first.base + first.count, first.size, topic, partition)
      left -= first.size
    }
  }
}
