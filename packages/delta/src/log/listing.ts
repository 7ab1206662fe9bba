import { logKey, type TableRef, versionName } from './log.ts'

/** The entries of the log from a version on. */
export interface LogListing {
  /** The first version listed; 0 for the whole log. */
  readonly from: number
  /** Commit versions, ascending. */
  readonly commits: ReadonlySet<number>
  /** Complete checkpoints, ascending. */
  readonly checkpoints: readonly Checkpoint[]
  readonly compactions: readonly Compaction[]
}

export interface Checkpoint {
  readonly version: number
  readonly keys: readonly string[]
}

/** A log-compaction file for versions from–to. */
export interface Compaction {
  readonly from: number
  readonly to: number
  readonly key: string
}

const NAME =
  /\/_delta_log\/(\d{20})(?:\.(?<commit>json)|\.(?<to>\d{20})\.compacted\.json|\.checkpoint(?<kind>\.parquet|\.(?<part>\d{10})\.(?<parts>\d{10})\.parquet|\.[0-9a-fA-F-]{36}\.(?:json|parquet)))$/

export async function listLog(table: TableRef, from: number): Promise<LogListing> {
  const names = collectNames(from)
  for await (const key of table.store.keys(logKey(table, ''), logKey(table, versionName(from)))) names.collect(key)
  return names.listing
}

export interface TimedLogListing extends LogListing {
  /** When the file of each commit was written, by version, in ascending order. */
  readonly times: ReadonlyMap<number, number>
}

/** Lists the log with modification times, which in a folder costs a system call for each file. */
export async function listLogWithTimes(table: TableRef, from: number): Promise<TimedLogListing> {
  const names = collectNames(from)
  const times = new Map<number, number>()
  for await (const { key, modified } of table.store.list(logKey(table, ''), logKey(table, versionName(from)))) {
    const version = names.collect(key)
    if (version !== undefined) times.set(version, modified)
  }
  return { ...names.listing, times }
}

function collectNames(from: number) {
  const commits = new Set<number>()
  const compactions: Compaction[] = []
  const checkpoints: Checkpoint[] = []
  const parts = new Map<string, string[]>()
  const listing: LogListing = { from, commits, checkpoints, compactions }
  return {
    listing,
    /** Returns the version if the key is a commit's. */
    collect(key: string): number | undefined {
      const match = NAME.exec(key)
      const groups = match?.groups
      if (!groups) return undefined
      const version = Number(match[1])
      // A version beyond 2^53 is not from any writer of Delta: the file is ignored.
      if (!Number.isSafeInteger(version)) return undefined
      if (groups.to) compactions.push({ from: version, to: Number(groups.to), key })
      else if (groups.parts) collectPart(version, Number(groups.parts), key, parts, checkpoints)
      else if (!groups.commit) checkpoints.push({ version, keys: [key] })
      else commits.add(version)
      return groups.commit ? version : undefined
    },
  }
}

/** Adds a part of a checkpoint, which counts when all of its parts are there. */
function collectPart(
  version: number,
  count: number,
  key: string,
  parts: Map<string, string[]>,
  complete: Checkpoint[],
): void {
  const id = `${version} ${count}`
  const keys = parts.get(id) ?? []
  parts.set(id, keys)
  keys.push(key)
  if (keys.length === count) complete.push({ version, keys })
}

/** The content of `_last_checkpoint`. It is only a hint, so a broken one is ignored. */
export interface CheckpointHint {
  readonly version: number
  /** Whether it is one file with the classic name. */
  readonly isClassic: boolean
}

export async function checkpointHint(table: TableRef): Promise<CheckpointHint | undefined> {
  const bytes = await table.store.get(logKey(table, '_last_checkpoint'))
  if (!bytes) return undefined
  try {
    const { version, parts, v2Checkpoint } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    return typeof version === 'number' ? { version, isClassic: !parts && !v2Checkpoint } : undefined
  } catch {
    return undefined
  }
}
