import type { CommitInfo } from '../log/actions.ts'
import { listLogWithTimes } from '../log/listing.ts'
import { readCommit, type TableRef } from '../log/log.ts'
import { inOrder } from '../read/in-order.ts'

/** The commitInfo of one log entry. */
export interface HistoryEntry {
  readonly version: number
  /** Milliseconds since 1970, by the writer's clock, or else by the store's. */
  readonly time: number
  readonly operation: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly metrics: Readonly<Record<string, unknown>>
  readonly engine?: string
  readonly userMetadata?: string
  readonly addedFiles: number
  readonly removedFiles: number
}

const READS_AT_ONCE = 16

/** The newest `limit` entries that the log still holds, the newest first. */
export async function tableHistory(table: TableRef, limit = Number.POSITIVE_INFINITY): Promise<HistoryEntry[]> {
  const { times } = await listLogWithTimes(table, 0)
  const newest = [...times].reverse().slice(0, limit)
  const history: HistoryEntry[] = []
  const read = ([version]: readonly [number, number]) => readCommit(table, version)
  const written = newest.values()
  for await (const actions of inOrder(newest, READS_AT_ONCE, read)) {
    const [version, modified] = written.next().value as [number, number]
    // Gone since the listing: the log is being cleaned, and this end of it is over.
    if (!actions) break
    history.push(entryOf(version, modified, actions.commitInfo ?? {}, actions.add.length, actions.remove.length))
  }
  return history
}

function entryOf(
  version: number,
  modified: number,
  info: CommitInfo,
  addedFiles: number,
  removedFiles: number,
): HistoryEntry {
  const { timestamp, inCommitTimestamp, operation, operationParameters, operationMetrics, engineInfo, userMetadata } =
    info
  const recorded = [inCommitTimestamp, timestamp].find((time) => typeof time === 'number')
  return {
    version,
    time: recorded ?? modified,
    operation: typeof operation === 'string' ? operation : 'UNKNOWN',
    parameters: (operationParameters ?? {}) as Record<string, unknown>,
    metrics: (operationMetrics ?? {}) as Record<string, unknown>,
    ...(typeof engineInfo === 'string' ? { engine: engineInfo } : {}),
    ...(typeof userMetadata === 'string' ? { userMetadata } : {}),
    addedFiles,
    removedFiles,
  }
}
