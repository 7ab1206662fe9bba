import { logKey, type TableRef, versionName } from './log.ts'

/** What the log holds from some version on. */
export interface LogListing {
  /** Version → when its file was written, in ascending order. */
  readonly commits: ReadonlyMap<number, number>
  /** Complete ones, in ascending order. */
  readonly checkpoints: readonly Checkpoint[]
  readonly compactions: readonly Compaction[]
  /** Versions that have a checksum file. */
  readonly checksums: ReadonlySet<number>
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
  /\/_delta_log\/(\d{20})(?:\.(?<commit>json)|\.(?<crc>crc)|\.(?<to>\d{20})\.compacted\.json|\.checkpoint(?<kind>\.parquet|\.(?<part>\d{10})\.(?<parts>\d{10})\.parquet|\.[0-9a-fA-F-]{36}\.(?:json|parquet)))$/

export async function listLog(table: TableRef, from: number): Promise<LogListing> {
  const commits = new Map<number, number>()
  const checksums = new Set<number>()
  const compactions: Compaction[] = []
  const checkpoints: Checkpoint[] = []
  const parts = new Map<string, string[]>()
  for await (const { key, modified } of table.store.list(logKey(table, ''), logKey(table, versionName(from)))) {
    const match = NAME.exec(key)
    const groups = match?.groups
    if (!groups) continue
    const version = Number(match[1])
    if (groups.commit) commits.set(version, modified)
    else if (groups.crc) checksums.add(version)
    else if (groups.to) compactions.push({ from: version, to: Number(groups.to), key })
    else if (groups.parts) collectPart(version, Number(groups.parts), key, parts, checkpoints)
    else checkpoints.push({ version, keys: [key] })
  }
  return { commits, checkpoints, compactions, checksums }
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

/** The version of the newest checkpoint by `_last_checkpoint`: a hint only, so a broken one is none. */
export async function checkpointHint(table: TableRef): Promise<number | undefined> {
  const bytes = await table.store.get(logKey(table, '_last_checkpoint'))
  if (!bytes) return undefined
  try {
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { version?: unknown }
    return typeof version === 'number' ? version : undefined
  } catch {
    return undefined
  }
}
