import { type AbortedTransaction, committedOnly } from './aborted.ts'
import { buildColumns, type Columns, type TakeBuffer, type UnpackedBatch } from './block-builder.ts'
import { unpack } from './codecs.ts'
import { checkCount, readBatch } from './record-batch.ts'

/** The part of a Fetch response that holds one partition's record batches. */
export interface RecordSection {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly aborted: readonly AbortedTransaction[]
}

export interface ReadRecords {
  readonly columns: Columns
  /** Where to fetch next; it moves over markers and aborted records too. */
  readonly next: number
  /** The leader epoch of the last batch; -1 if there was none. */
  readonly epoch: number
}

/** What a read-committed reader sees from offset `from` on. Stops after the batch that brings it to `maxBytes`. */
export function readRecords(
  section: RecordSection,
  from: number,
  maxBytes: number,
  take: TakeBuffer,
  withKeys = false,
): ReadRecords {
  const isCommitted = committedOnly(section.aborted)
  const batches: UnpackedBatch[] = []
  let next = from
  let epoch = -1
  let size = 0
  for (let at = section.start; at < section.end && size < maxBytes; ) {
    const batch = readBatch(section.bytes, at, section.end)
    if (!batch) break
    at = batch.end
    const visible = isCommitted(batch)
    if (batch.nextOffset <= next) continue
    ;[next, epoch] = [batch.nextOffset, batch.leaderEpoch]
    if (!visible || batch.count === 0) continue
    const unpacked = unpack(batch.codec, batch.records)
    checkCount(batch, unpacked.length)
    size += unpacked.length
    batches.push({ batch, unpacked })
  }
  return { columns: buildColumns(batches, from, take, withKeys), next, epoch }
}
