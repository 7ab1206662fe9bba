import type { StagedBatch } from '../clean/stage.ts'
import type { Batch } from '../intake/batch.ts'
import type { CommittedEvent } from '../telemetry.ts'

export function committedEvent(batch: Batch, staged: StagedBatch, version: number, now: number): CommittedEvent {
  const { report, files, reasons, samples } = staged
  const times = sampledTimes(batch)
  return {
    what: 'committed',
    version,
    rows: report.rows,
    filtered: report.filtered.reduce((sum, count) => sum + count, 0),
    quarantined: reasons.length,
    bytes: batch.bytes,
    files: files.length,
    fileBytes: files.reduce((sum, { add }) => sum + add.size, 0),
    agesMs: times.map((time) => Math.max(0, now - time)),
    lastTime: times.at(-1),
    reasons: new Map([...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => [reason, all.length])),
    samples,
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
