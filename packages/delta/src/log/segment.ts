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
  /** Says what several commits said, which must be reconciled. */
  readonly isCompacted: boolean
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

/** Commits are the truth: a compaction is read only where one that it tells of is gone. */
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

/** The compaction within the range that reaches farthest of those that tell of a version and overlap no other. */
function standIn({ compactions }: LogListing, from: number, version: number, to: number): Compaction | undefined {
  const able = compactions.filter((one) => one.from >= from && one.from <= version && one.to >= version && one.to <= to)
  return able.sort((a, b) => b.to - a.to || b.from - a.from)[0]
}
