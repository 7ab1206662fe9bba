import { MillraceError } from '@millrace/base'
import type { Actions, AddFile, Metadata, Protocol } from '../log/actions.ts'
import { decodeActions } from '../log/decode-actions.ts'
import { type CheckpointHint, checkpointHint, type LogListing, listLog } from '../log/listing.ts'
import { commitName, logKey, readCommit, type TableRef, tableUrl, versionName } from '../log/log.ts'
import { refuseUnknownProtocol } from '../log/protocol.ts'
import { refuseUnreconciled } from '../log/reconciled.ts'
import { newestVersion, type Segment, segmentsTo } from '../log/segment.ts'
import { readCheckpoint } from './checkpoint.ts'
import { refuseWrongChecksum } from './checksum.ts'
import { inOrder } from './in-order.ts'
import type { Layered } from './layers.ts'
import { startReplay, type TableState } from './replay.ts'

/** A table as it is at one version. Never changes. */
export interface Snapshot {
  readonly table: TableRef
  readonly version: number
  readonly protocol: Protocol
  readonly metadata: Metadata
  readonly files: Layered<AddFile>
  readonly txns: Layered<bigint>
}

const READS_AT_ONCE = 32

/** Opens the table at its newest version, or at an older one. Returns undefined if there is no table. */
export async function openTable(table: TableRef, version?: number): Promise<Snapshot | undefined> {
  const hint = await checkpointHint(table)
  const snapshot =
    (version === undefined && (await openByHint(table, hint))) || (await openByListing(table, version, hint))
  if (snapshot) await refuseWrongChecksum(table, snapshot.version, snapshot.files)
  return snapshot
}

/** Opens from the checkpoint that the hint names, without a listing. Returns undefined if it can't be read. */
async function openByHint(table: TableRef, hint: CheckpointHint | undefined): Promise<Snapshot | undefined> {
  if (!hint?.isClassic) return undefined
  const { version } = hint
  const keys = [logKey(table, `${versionName(version)}.checkpoint.parquet`)]
  const state = await readCheckpoint(table, { version, keys }).catch(damage)
  if (state === 'gone' || state instanceof MillraceError) return undefined
  const base = snapshotOf(table, version, state)
  const next = await table.store.get(logKey(table, commitName(version + 1)))
  return next ? catchUp(base) : afterNothingNew(base)
}

async function openByListing(
  table: TableRef,
  version: number | undefined,
  hint?: CheckpointHint,
): Promise<Snapshot | undefined> {
  let from = hint && hint.version <= (version ?? hint.version) ? hint.version : 0
  for (let tries = 0; tries < 3; tries++) {
    const listing = await listForOpening(table, from)
    const newest = newestVersion(listing)
    if (newest === undefined) return undefined
    if (version !== undefined && version > newest) {
      throw new MillraceError('TABLE_NOT_FOUND', `${tableUrl(table)} has no version ${version}: it is at ${newest}`)
    }
    const segments = segmentsTo(table, listing, version ?? newest)
    const snapshot = await firstReadable(table, segments, listing.from === 0)
    if (typeof snapshot !== 'string') return snapshot
    from = snapshot === 'damaged' ? 0 : from
  }
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log goes away while it is read`)
}

/** Lists the log from a checkpoint on, or all of it if there is none. */
async function listForOpening(table: TableRef, from: number): Promise<LogListing> {
  const listing = await listLog(table, from)
  return from === 0 || listing.checkpoints.length > 0 ? listing : listLog(table, 0)
}

/** Returns the table with what has been committed since. Costs as much as the new commits, not as the table. */
export async function refresh(snapshot: Snapshot): Promise<Snapshot> {
  const { table } = snapshot
  let latest = snapshot
  for (let read = 0; read < READS_AT_ONCE; read++) {
    const actions = await readCommit(table, latest.version + 1)
    if (!actions) return latest === snapshot ? afterNothingNew(snapshot) : latest
    latest = advance(latest, actions)
  }
  return catchUp(latest)
}

/** Files of commits that read nothing of their table. */
const appended = new WeakSet<AddFile>()

/** Whether it is known that the commit of the file read nothing of the table. */
export function cameByAppend(file: AddFile): boolean {
  return appended.has(file)
}

/** The table after the next entry of its log. */
export function advance(snapshot: Snapshot, actions: Actions): Snapshot {
  if (actions.commitInfo?.isBlindAppend === true) for (const file of actions.add) appended.add(file)
  const replay = startReplay(snapshot.table, snapshot)
  replay.apply(actions)
  return snapshotOf(snapshot.table, snapshot.version + 1, replay.finish())
}

/** Decides why there is no next entry: nobody committed, or the log was cleaned up beyond our version. */
async function afterNothingNew(snapshot: Snapshot): Promise<Snapshot> {
  const own = await snapshot.table.store.get(logKey(snapshot.table, commitName(snapshot.version)))
  return own ? snapshot : catchUp(snapshot)
}

async function catchUp(snapshot: Snapshot): Promise<Snapshot> {
  const { table, version } = snapshot
  const listing = await listLog(table, version + 1)
  const newest = newestVersion(listing)
  if (newest === undefined) return snapshot
  if (listing.commits.has(version + 1)) {
    const [segment] = segmentsTo(table, { ...listing, checkpoints: [{ version, keys: [] }] }, newest)
    const state = segment && (await playEntries(table, segment, snapshot))
    if (state && state !== 'gone') return snapshotOf(table, newest, state)
  }
  return (await openByListing(table, undefined)) ?? snapshot
}

/** The error for a version that no checkpoint of this listing leads to, while the log is not complete either. */
async function firstReadable(
  table: TableRef,
  segments: Iterable<Segment>,
  isWholeLog: boolean,
): Promise<Snapshot | 'gone' | 'damaged'> {
  let failure: unknown
  for (const segment of segments) {
    const base = segment.checkpoint && (await readCheckpoint(table, segment.checkpoint).catch(damage))
    if (base instanceof MillraceError) {
      failure ??= base
      continue
    }
    const state = base === 'gone' ? base : await playEntries(table, segment, base)
    return state === 'gone' ? state : snapshotOf(table, segment.version, state)
  }
  if (!isWholeLog) return 'damaged'
  throw failure
}

function damage(error: unknown): MillraceError {
  if (error instanceof MillraceError && error.code === 'TABLE_BROKEN') return error
  throw error
}

async function playEntries(
  table: TableRef,
  { entries }: Segment,
  base: TableState | undefined,
): Promise<TableState | 'gone'> {
  const replay = startReplay(table, base)
  const read = async ({ key, isCompacted }: Segment['entries'][number]) => {
    const bytes = await table.store.get(key)
    const actions = bytes && decodeActions(bytes, `${table.store.url}/${key}`)
    if (actions && isCompacted) refuseUnreconciled(actions, `${table.store.url}/${key}`)
    return actions
  }
  for await (const actions of inOrder(entries, READS_AT_ONCE, read)) {
    if (!actions) return 'gone'
    replay.apply(actions)
  }
  return replay.finish()
}

function snapshotOf(table: TableRef, version: number, state: TableState): Snapshot {
  const { protocol, metadata, files, txns } = state
  if (!protocol || !metadata) {
    const lacking = protocol ? 'metadata' : 'protocol'
    throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)} version ${version}: the log has no ${lacking}`)
  }
  refuseUnknownProtocol(tableUrl(table), protocol, metadata)
  return { table, version, protocol, metadata, files, txns }
}
