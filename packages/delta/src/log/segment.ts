import { MillraceError } from '@millrace/base'
import type { Checkpoint, Compaction, LogListing } from './listing.ts'
import { commitName, logKey, type TableRef, tableUrl } from './log.ts'

/** The files that together say what a table was at a version, oldest first. */
export interface Segment {
  readonly version: number
  readonly checkpoint: Checkpoint | undefined
  readonly entries: readonly LogEntry[]
}

export interface LogEntry {
  readonly key: string
  /** The last version that it tells. */
  readonly version: number
}

/** The newest version that the listing knows. */
export function newestVersion(listing: LogListing): number | undefined {
  const newest = Math.max(-1, ...[...listing.commits].slice(-1), ...listing.checkpoints.slice(-1).map(versionOf))
  return newest < 0 ? undefined : newest
}

/** Ways to reach `version`, the cheapest first: a damaged checkpoint leaves the next. Throws if there is none. */
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

/** What lies before the log's first commit was cleaned away; what lacks between two was lost. */
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
  for (let version = from; version <= to; version++) {
    if (!listing.commits.has(version)) return version
  }
  return undefined
}

/** A compaction stands for its commits where it lies wholly within the range. */
function entriesBetween(table: TableRef, listing: LogListing, from: number, to: number): LogEntry[] {
  const entries: LogEntry[] = []
  for (let version = from; version <= to; ) {
    const compaction = longestAt(listing.compactions, version, to)
    const last = compaction?.to ?? version
    entries.push({ key: compaction?.key ?? logKey(table, commitName(version)), version: last })
    version = last + 1
  }
  return entries
}

function longestAt(compactions: readonly Compaction[], from: number, to: number): Compaction | undefined {
  let longest: Compaction | undefined
  for (const compaction of compactions) {
    if (compaction.from === from && compaction.to <= to && compaction.to > (longest?.to ?? from)) longest = compaction
  }
  return longest
}
