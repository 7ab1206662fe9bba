import { createHash } from 'node:crypto'
import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { type Partition, type Position, partitionKey } from '../source.ts'
import { decodeEntry, type Entry, type FileEntry, NO_TOTALS, positionOf, type Totals } from './entry.ts'
import { entriesAt, entriesOf, entryKey, positionIn } from './layout.ts'

/** A step of a partition that has been taken: its entry, and the bytes of its file where it has records. */
export interface Step {
  readonly entry: Entry
  readonly bytes?: Uint8Array
}

/** Where a partition's steps end. */
export interface Tip {
  readonly position: Position
  readonly totals: Totals
}

export async function readEntry(store: ObjectStore, partition: Partition, at: Position, attempt: number) {
  const key = entryKey(partition, at, attempt)
  const bytes = await store.get(key)
  return bytes && decodeEntry(bytes, key)
}

/**
 * Returns the step that begins at a position. The file decides. An entry without its file belongs to a writer that was
 * killed or has not written it yet; if several writers tried, the file belongs to the one whose hash it has.
 */
export async function stepAt(store: ObjectStore, partition: Partition, at: Position): Promise<Step | undefined> {
  const first = await readEntry(store, partition, at, 1)
  if (!first?.file) return first && { entry: first }
  const bytes = await store.get(first.file.key)
  if (!bytes) return undefined
  for (let attempt = 1, entry: Entry | undefined = first; entry; ) {
    if (entry.file && isFile(bytes, entry.file)) return { entry, bytes }
    entry = await readEntry(store, partition, at, ++attempt)
  }
  throw new MillraceError('SOURCE_DAMAGED', `${store.url}/${first.file.key} is not what was written there`, {
    next: 'Bring back the file from a backup, or remove what put another one in its place.',
  })
}

export function isFile(bytes: Uint8Array, { size, sha256 }: FileEntry): boolean {
  return bytes.length === size && sha256Of(bytes) === sha256
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Returns where the steps of a partition end; undefined where there is none. */
export async function tipOf(store: ObjectStore, partition: Partition): Promise<Tip | undefined> {
  const newest = await firstKey(store.keys(entriesOf(partition)))
  if (newest === undefined) return undefined
  return tipAt(store, partition, positionIn(newest))
}

async function tipAt(store: ObjectStore, partition: Partition, at: Position): Promise<Tip> {
  const entry = await readEntry(store, partition, at, 1)
  if (!entry) throw new MillraceError('SOURCE_DAMAGED', `${store.url} has no first entry of ${partitionKey(partition)}`)
  const step = (await isOfFirst(store, partition, at, entry)) ? { entry } : await stepAt(store, partition, at)
  if (step) return { position: positionOf(step.entry.to), totals: step.entry.totals }
  return { position: at, totals: await totalsBefore(store, partition, at) }
}

/**
 * Whether the step is the first entry's, as far as is known without reading the file. A writer creates its entry before
 * its file, so listing the entries after the file finds all of them.
 */
async function isOfFirst(store: ObjectStore, partition: Partition, at: Position, { file }: Entry): Promise<boolean> {
  if (!file) return true
  const sizes = await Array.fromAsync(store.list(file.key))
  if (sizes.find(({ key }) => key === file.key)?.size !== file.size) return false
  return (await Array.fromAsync(store.keys(entriesAt(partition, at)))).length === 1
}

async function totalsBefore(store: ObjectStore, partition: Partition, at: Position): Promise<Totals> {
  const position = await floorOf(store, partition, at, 'before')
  const step = position && (await stepAt(store, partition, position))
  return step?.entry.totals ?? NO_TOTALS
}

/** Returns the last position with an entry that is not after `at`, or that is before it. */
export async function floorOf(
  store: ObjectStore,
  partition: Partition,
  at: Position,
  which: 'at or before' | 'before',
): Promise<Position | undefined> {
  // Names count down: what follows the last name at this position is before it.
  const after = which === 'before' ? `${entriesAt(partition, at)}~` : entriesAt(partition, at)
  const key = await firstKey(store.keys(entriesOf(partition), after))
  return key === undefined ? undefined : positionIn(key)
}

async function firstKey(keys: AsyncIterable<string>): Promise<string | undefined> {
  for await (const key of keys) return key
  return undefined
}
