import type { Runtime } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { listLogWithTimes } from '../log/listing.ts'
import type { TableRef } from '../log/log.ts'
import { refresh, type Snapshot } from '../read/snapshot.ts'

/** A moment on two clocks: the wall clock may be set back, the monotonic one may stop while the machine is suspended. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export function instantOf(runtime: Runtime): Instant {
  return { wall: runtime.now(), monotonic: runtime.monotonic() }
}

export function elapsed(since: Instant, runtime: Runtime): number {
  return Math.max(runtime.now() - since.wall, runtime.monotonic() - since.monotonic)
}

/** When the writing of each file began, as far as this process knows. */
const begun = new WeakMap<AddFile, Instant>()

export function begunAt(file: AddFile, instant: Instant): AddFile {
  begun.set(file, instant)
  return file
}

export function ageOf(file: AddFile, runtime: Runtime): number {
  const instant = begun.get(file)
  return instant ? elapsed(instant, runtime) : runtime.now() - file.modificationTime
}

/** A snapshot younger than this can't have been cleaned away by anyone. */
const FRESH_MS = 60_000

/** When each snapshot was known to be the newest. */
const seen = new WeakMap<Snapshot, Instant>()

export function seenAt<S extends Snapshot | undefined>(snapshot: S, instant: Instant): S {
  if (snapshot) seen.set(snapshot, instant)
  return snapshot
}

export function isFresh(snapshot: Snapshot, runtime: Runtime): boolean {
  const instant = seen.get(snapshot)
  return instant !== undefined && elapsed(instant, runtime) < FRESH_MS
}

/** The newest state, asked of the store unless this was the newest a moment ago. */
export async function freshened(snapshot: Snapshot, runtime: Runtime): Promise<Snapshot> {
  return isFresh(snapshot, runtime) ? snapshot : refreshed(snapshot, runtime)
}

export async function refreshed(snapshot: Snapshot, runtime: Runtime): Promise<Snapshot> {
  const instant = instantOf(runtime)
  return seenAt(await refresh(snapshot), instant)
}

/**
 * Whether the table was past `version` long before its entry was created. Then log cleanup had deleted the real entry,
 * and no reader will ever look at the new one.
 */
export async function hadBeenPassed(table: TableRef, version: number): Promise<boolean> {
  const { commits, times, checkpoints } = await listLogWithTimes(table, version)
  const own = times.get(version)
  if (own === undefined) return true
  const olderThanOurs = [...times].some(([later, modified]) => later > version && modified < own - FRESH_MS)
  return (
    olderThanOurs || checkpoints.some((checkpoint) => checkpoint.version > version && !commits.has(checkpoint.version))
  )
}
