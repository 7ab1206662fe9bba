import type { Actions, AddFile, DeletionVector, Metadata, Protocol, RemoveFile } from '../log/actions.ts'
import { locationsOf } from '../log/location.ts'
import type { TableRef } from '../log/log.ts'
import { type ByKey, type Layered, layered } from './layers.ts'

/** A table's state while the log is played into it. */
export interface Replay {
  apply(actions: Actions): void
  /** The faster way for the adds of a checkpoint, which are all different; `isPlain`: the path is the file's key. */
  add(file: AddFile, isPlain?: boolean): void
  finish(): TableState
}

export interface TableState {
  readonly protocol: Protocol | undefined
  readonly metadata: Metadata | undefined
  readonly files: Layered<AddFile>
  readonly txns: Layered<bigint>
}

const NOTHING: TableState = {
  protocol: undefined,
  metadata: undefined,
  files: layered(new Map()),
  txns: layered(new Map()),
}

/** The one key that all spellings of a path share: relative to the table where the file is in it. */
export function fileKey(table: TableRef, path: string): string {
  if (isPlain(path)) return path
  const [location] = locationsOf(table.store, table.path, path)
  if (!location) return path
  if ('address' in location) return location.address
  const folder = `${table.path}/`
  return location.key.startsWith(folder) ? location.key.slice(folder.length) : `lake:${location.key}`
}

/** Whether a path can be spelled in no other way. */
function isPlain(path: string): boolean {
  if (path === '' || path.startsWith('.') || path.includes('%') || path.includes(':')) return false
  return !path.includes('/') || !(path.startsWith('/') || path.includes('//') || path.includes('/.'))
}

export function startReplay(table: TableRef, base: TableState = NOTHING): Replay {
  let { protocol, metadata } = base
  const files = new Map<string, AddFile | undefined>()
  const txns = new Map<string, bigint | undefined>()
  const fresh = base.files.size === 0
  function remove(gone: RemoveFile): void {
    const key = fileKey(table, gone.path)
    const there = current(files, base.files, key)
    if (!there || vectorId(there.deletionVector) !== vectorId(gone.deletionVector)) return
    if (fresh) files.delete(key)
    else files.set(key, undefined)
  }
  const add = (file: AddFile, isPlain = false) => files.set(isPlain ? file.path : fileKey(table, file.path), file)
  return {
    add,
    /** Removes first: an entry that gives a file another deletion vector holds both, in any order. */
    apply(actions) {
      protocol = actions.protocol ?? protocol
      metadata = actions.metaData ?? metadata
      for (const gone of actions.remove) remove(gone)
      for (const file of actions.add) add(file)
      for (const { appId, version } of actions.txn) txns.set(appId, version < 0n ? undefined : version)
    },
    finish: () => ({
      protocol,
      metadata,
      // Where there was nothing before, nothing is marked as removed.
      files: fresh ? layered(files) : base.files.with(files),
      txns: base.txns.with(txns),
    }),
  }
}

function current(
  changed: ReadonlyMap<string, AddFile | undefined>,
  base: ByKey<AddFile>,
  key: string,
): AddFile | undefined {
  return changed.has(key) ? changed.get(key) : base.get(key)
}

/** Identifies a deletion vector; with the path it identifies a logical file. */
function vectorId(vector: DeletionVector | null | undefined): string {
  if (!vector) return ''
  const { storageType, pathOrInlineDv, offset } = vector
  return `${storageType}${pathOrInlineDv}${typeof offset === 'number' ? `@${offset}` : ''}`
}
