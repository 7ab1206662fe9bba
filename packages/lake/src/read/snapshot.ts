import { MillraceError } from '@millrace/base'
import { type Actions, type AddFile, decodeActions, type Metadata, type Protocol } from '../log/actions.ts'
import { checkpointHint, type LogListing, listLog } from '../log/listing.ts'
import { commitName, logKey, readCommit, type TableRef, tableUrl } from '../log/log.ts'
import { refuseUnknownProtocol } from '../log/protocol.ts'
import { newestVersion, type Segment, segmentsTo } from '../log/segment.ts'
import { readCheckpoint } from './checkpoint.ts'
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

/** At its newest version, or at an older one. Undefined: no table is there. */
export async function openTable(table: TableRef, version?: number): Promise<Snapshot | undefined> {
  for (let tries = 0; ; tries++) {
    const listing = await listForOpening(table, version)
    const newest = newestVersion(listing)
    if (newest === undefined) return undefined
    if (version !== undefined && version > newest) {
      throw new MillraceError('TABLE_NOT_FOUND', `${tableUrl(table)} has no version ${version}: it is at ${newest}`)
    }
    const snapshot = await firstReadable(table, segmentsTo(table, listing, version ?? newest))
    if (snapshot !== 'gone') return snapshot
    if (tries === 2) throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log goes away while it is read`)
  }
}

/** The same table, with what has been committed since: costs as much as that, not as much as the table. */
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

/** The table after the next entry of its log. */
export function advance(snapshot: Snapshot, actions: Actions): Snapshot {
  const replay = startReplay(snapshot)
  replay.apply(actions)
  return snapshotOf(snapshot.table, snapshot.version + 1, replay.finish())
}

/** No next entry: either nobody committed, or so much happened that the log was cleaned beyond our version. */
async function afterNothingNew(snapshot: Snapshot): Promise<Snapshot> {
  const own = await snapshot.table.store.get(logKey(snapshot.table, commitName(snapshot.version)))
  return own ? snapshot : catchUp(snapshot)
}

async function catchUp(snapshot: Snapshot): Promise<Snapshot> {
  const { table, version } = snapshot
  const listing = await listLog(table, version + 1)
  const newest = newestVersion(listing)
  if (newest === undefined) return snapshot
  if (!listing.commits.has(version + 1)) return (await openTable(table)) ?? snapshot
  const segment = segmentsTo(table, { ...listing, checkpoints: [{ version, keys: [] }] }, newest)[0]
  const state = segment && (await playEntries(table, segment, snapshot))
  if (!state || state === 'gone') return (await openTable(table)) ?? snapshot
  return snapshotOf(table, newest, state)
}

/** From the newest checkpoint on, where the hint holds; else the whole log. */
async function listForOpening(table: TableRef, version: number | undefined): Promise<LogListing> {
  const hint = await checkpointHint(table)
  if (hint !== undefined && hint <= (version ?? hint)) {
    const listing = await listLog(table, hint)
    if (listing.checkpoints.some((checkpoint) => checkpoint.version >= hint)) return listing
  }
  return listLog(table, 0)
}

async function firstReadable(table: TableRef, segments: readonly Segment[]): Promise<Snapshot | 'gone'> {
  let failure: unknown
  for (const segment of segments) {
    try {
      const state = await playSegment(table, segment)
      return state === 'gone' ? 'gone' : snapshotOf(table, segment.version, state)
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'TABLE_BROKEN' && segment.checkpoint)) throw error
      failure ??= error
    }
  }
  throw failure
}

async function playSegment(table: TableRef, segment: Segment): Promise<TableState | 'gone'> {
  const base = segment.checkpoint && (await readCheckpoint(table, segment.checkpoint))
  return base === 'gone' ? 'gone' : playEntries(table, segment, base)
}

async function playEntries(
  table: TableRef,
  { entries }: Segment,
  base: TableState | undefined,
): Promise<TableState | 'gone'> {
  const replay = startReplay(base)
  const read = async ({ key }: Segment['entries'][number]) => {
    const bytes = await table.store.get(key)
    return bytes && decodeActions(bytes, `${table.store.url}/${key}`)
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
