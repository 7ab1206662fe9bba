import type { Batch } from '../intake/batch.ts'
import type { CommittedEvent } from '../telemetry.ts'
import type { ReadyBatch } from './prepare.ts'

export function committedEvent(
  batch: Batch,
  { prepared, summary }: ReadyBatch,
  version: number,
  now: number,
): CommittedEvent {
  const { rows, filtered, reasons, samples } = summary
  const { files, fileBytes } = prepared.anchor
  const times = sampledTimes(batch)
  return {
    what: 'committed',
    ...{ version, rows, filtered, files, fileBytes, reasons, samples },
    quarantined: reasons.values().reduce((sum, count) => sum + count, 0),
    bytes: batch.bytes,
    agesMs: times.map((time) => Math.max(0, now - time)),
    lastTime: times.at(-1),
  }
}

/** Enough to know how old the records of a commit were. */
const AGES = 32

/** The time of every so-many-th record, the last one among them. */
function sampledTimes({ blocks, records }: Batch): number[] {
  const step = Math.max(1, Math.ceil(records / AGES))
  const times: number[] = []
  let at = (records + step - 1) % step
  for (const { count, times: ofBlock } of blocks) {
    for (; at < count; at += step) times.push(ofBlock[at] as number)
    at -= count
  }
  return times
}
