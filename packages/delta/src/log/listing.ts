import { logKey, type TableRef, versionName } from './log.ts'

/** What the log holds from some version on. */
export interface LogListing {
  /** Nothing below was asked for; 0 is the whole log. */
  readonly from: number
  /** In ascending order. */
  readonly commits: ReadonlySet<number>
  /** Complete ones, in ascending order. */
  readonly checkpoints: readonly Checkpoint[]
  readonly compactions: readonly Compaction[]
}

export interface Checkpoint {
  readonly version: number
  readonly keys: readonly string[]
}

/** One file that says what the commits of a range say together. */
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

/** In a folder it costs a call a file, so it is for those who ask for times. */
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
    /** The version, where the key is a commit's. */
    collect(key: string): number | undefined {
      const match = NAME.exec(key)
      const groups = match?.groups
      if (!groups) return undefined
      const version = Number(match[1])
      // No writer gets so far: a stray file is no entry.
      if (!Number.isSafeInteger(version)) return undefined
      if (groups.to) compactions.push({ from: version, to: Number(groups.to), key })
      else if (groups.parts) collectPart(version, Number(groups.parts), key, parts, checkpoints)
      else if (!groups.commit) checkpoints.push({ version, keys: [key] })
      else commits.add(version)
      return groups.commit ? version : undefined
    },
  }
}

/** A checkpoint in parts counts when all of them are there. */
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

/** What `_last_checkpoint` says: a hint only, so a broken one is none. */
export interface CheckpointHint {
  readonly version: number
  /** One file with the plain name. */
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
