import { MillraceError } from '@millrace/base'
import type { Checkpoint, Compaction, LogListing } from './listing.ts'
import { commitName, logKey, type TableRef, tableUrl } from './log.ts'

/** The log files that make up a version of the table, oldest first. */
export interface Segment {
  readonly version: number
  readonly checkpoint: Checkpoint | undefined
  readonly entries: readonly LogEntry[]
}

export interface LogEntry {
  readonly key: string
  /** The last version that it covers. */
  readonly version: number
  /** Whether it is a log compaction. */
  readonly isCompacted: boolean
}

/** Returns the newest version of the listing. */
export function newestVersion(listing: LogListing): number | undefined {
  const newest = Math.max(-1, ...[...listing.commits].slice(-1), ...listing.checkpoints.slice(-1).map(versionOf))
  return newest < 0 ? undefined : newest
}

/** Yields the ways to load `version`, cheapest first, as a checkpoint can be damaged. Throws if there is none. */
export function* segmentsTo(table: TableRef, listing: LogListing, version: number): Generator<Segment> {
  let missing: number | undefined
  let isReachable = false
  for (const checkpoint of [...listing.checkpoints.filter((c) => c.version <= version).reverse(), undefined]) {
    const from = (checkpoint?.version ?? -1) + 1
    const gap = firstGap(listing, from, version)
    missing ??= gap
    if (gap !== undefined) continue
    isReachable = true
    yield { version, checkpoint, entries: entriesBetween(table, listing, from, version) }
  }
  if (!isReachable) throw unreachable(table, listing, version, missing)
}

/** Returns the error for a version that was cleaned up, or for a gap in the log. */
function unreachable(
  table: TableRef,
  listing: LogListing,
  version: number,
  missing: number | undefined,
): MillraceError {
  const [checkpoint] = listing.checkpoints
  if (checkpoint && version < checkpoint.version) {
    const what = `${tableUrl(table)} has no version ${version} any more: its log begins at ${checkpoint.version}`
    return new MillraceError('TABLE_NOT_FOUND', what, { next: 'Choose a version that `millrace history` shows.' })
  }
  return new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: version ${missing} is missing from the log`)
}

function versionOf({ version }: Checkpoint): number {
  return version
}

function firstGap(listing: LogListing, from: number, to: number): number | undefined {
  let first = from
  for (let version = from; version <= to; version++) {
    if (listing.commits.has(version)) continue
    const compaction = standIn(listing, first, version, to)
    if (!compaction) return version
    version = compaction.to
    first = version + 1
  }
  return undefined
}

/** Returns the entries to read: commits, and a compaction only where one of its commits is gone. */
function entriesBetween(table: TableRef, listing: LogListing, from: number, to: number): LogEntry[] {
  const entries: LogEntry[] = []
  let first = from
  for (let version = from; version <= to; version++) {
    const compaction = listing.commits.has(version) ? undefined : standIn(listing, first, version, to)
    if (!compaction) {
      entries.push({ key: logKey(table, commitName(version)), version, isCompacted: false })
      continue
    }
    while ((entries.at(-1)?.version ?? -1) >= compaction.from) entries.pop()
    entries.push({ key: compaction.key, version: compaction.to, isCompacted: true })
    version = compaction.to
    first = version + 1
  }
  return entries
}

/** Returns the compaction within the range that covers a version, overlaps no other, and reaches farthest. */
function standIn({ compactions }: LogListing, from: number, version: number, to: number): Compaction | undefined {
  const able = compactions.filter((one) => one.from >= from && one.from <= version && one.to >= version && one.to <= to)
  return able.sort((a, b) => b.to - a.to || b.from - a.from)[0]
}
