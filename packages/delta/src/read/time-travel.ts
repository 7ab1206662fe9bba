import { MillraceError } from '@millrace/base'
import { listLogWithTimes } from '../log/listing.ts'
import { readCommit, type TableRef, tableUrl } from '../log/log.ts'
import { isOn, property } from '../log/properties.ts'
import { openTable } from './snapshot.ts'

/** The version that was the table's newest at a time, in milliseconds since 1970. */
export async function versionAt(table: TableRef, time: number): Promise<number> {
  const current = await openTable(table)
  if (!current) throw new MillraceError('TABLE_NOT_FOUND', `there is no table at ${tableUrl(table)}`)
  const { configuration } = current.metadata
  const { times } = await listLogWithTimes(table, 0)
  const versions = [...times.keys()]
  const recordedFrom = recordedSince(configuration)
  const isRecorded = recordedFrom !== undefined && time >= recordedFrom.time
  const wanted = versions.filter(
    (version) => recordedFrom === undefined || version >= recordedFrom.version === isRecorded,
  )
  const byFile = neverBack(times)
  const found = await lastNotAfter(wanted, time, async (version) =>
    isRecorded ? recordedTime(table, version) : (byFile.get(version) as number),
  )
  if (found !== undefined) return found
  const what = `${tableUrl(table)}: its log has no version at ${new Date(time).toISOString()}`
  throw new MillraceError('TABLE_NOT_FOUND', what, { next: 'Choose a time that `millrace history` shows.' })
}

/** Returns when each commit from a version on was made, by its file, in milliseconds since 1970. */
export async function commitTimes(table: TableRef, from: number): Promise<ReadonlyMap<number, number>> {
  return neverBack((await listLogWithTimes(table, from)).times)
}

/** Returns the version and time from which commits record their own time. */
function recordedSince(configuration: Readonly<Record<string, string>>): { version: number; time: number } | undefined {
  if (!isOn(configuration, 'delta.enableInCommitTimestamps')) return undefined
  const version = Number(property(configuration, 'delta.inCommitTimestampEnablementVersion') ?? 0)
  const time = property(configuration, 'delta.inCommitTimestampEnablementTimestamp') ?? Number.NEGATIVE_INFINITY
  return { version, time: Number(time) }
}

/** Clocks of stores jump: a commit is later than the one before it, by a millisecond at least. */
function neverBack(times: ReadonlyMap<number, number>): Map<number, number> {
  let last = Number.NEGATIVE_INFINITY
  return new Map(
    [...times].map(([version, modified]) => {
      last = Math.max(Math.floor(modified), last + 1)
      return [version, last]
    }),
  )
}

async function recordedTime(table: TableRef, version: number): Promise<number> {
  const actions = await readCommit(table, version)
  const recorded = actions?.commitInfo?.inCommitTimestamp
  if (typeof recorded === 'number') return recorded
  throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)} version ${version} does not record its time`)
}

async function lastNotAfter(
  versions: readonly number[],
  time: number,
  timeOf: (version: number) => Promise<number>,
): Promise<number | undefined> {
  let [low, high] = [0, versions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((await timeOf(versions[middle] as number)) <= time) low = middle + 1
    else high = middle
  }
  return versions[low - 1]
}
