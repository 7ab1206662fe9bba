import { type AbortedTransaction, committedOnly } from './aborted.ts'
import { buildColumns, type Columns, type TakeBuffer, type UnpackedBatch, type Wanted } from './block-builder.ts'
import { MOST_RECORDS } from './bounds.ts'
import { unpack } from './codecs.ts'
import { checkCount, type RecordBatch, readBatch } from './record-batch.ts'

/** The part of a Fetch response that holds one partition's record batches. */
export interface RecordSection {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly aborted: readonly AbortedTransaction[]
}

export interface ReadRecords {
  readonly columns: Columns
  /** The offset to fetch next, after markers and aborted records too. */
  readonly next: number
  /** The leader epoch of the last batch; -1 if there was none. */
  readonly epoch: number
  /** The batch that holds the asked offset, where it is too large to be unpacked at once: nothing is read then. */
  readonly large?: RecordBatch
}

/**
 * Reads what a read-committed reader sees from offset `from` on. Stops after the batch that brings it to `maxBytes`, and
 * before one that is too large.
 */
export function readRecords(
  section: RecordSection,
  from: number,
  maxBytes: number,
  take: TakeBuffer,
  wanted: Wanted = {},
): ReadRecords {
  const isCommitted = committedOnly(section.aborted)
  const batches: UnpackedBatch[] = []
  let next = from
  let epoch = -1
  let size = 0
  let records = 0
  for (let at = section.start; at < section.end && size < maxBytes && records < MOST_RECORDS; ) {
    const batch = readBatch(section.bytes, at, section.end)
    if (!batch) break
    at = batch.end
    const visible = isCommitted(batch)
    if (batch.nextOffset <= next) continue
    const holdsRecords = visible && batch.count > 0
    const unpacked = holdsRecords ? unpack(batch.codec, batch.records) : undefined
    if (unpacked) checkCount(batch, unpacked.length)
    if (holdsRecords && (!unpacked || batch.count > MOST_RECORDS)) {
      if (next > from) break
      return { columns: buildColumns([], from, take, wanted), next, epoch: batch.leaderEpoch, large: batch }
    }
    ;[next, epoch] = [batch.nextOffset, batch.leaderEpoch]
    if (!unpacked) continue
    size += unpacked.length
    records += batch.count
    batches.push({ batch, unpacked })
  }
  return { columns: buildColumns(batches, from, take, wanted), next, epoch }
}
