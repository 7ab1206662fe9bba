import { damaged, type RecordBatch } from './record-batch.ts'
import { type Cursor, readSigned, readSignedLong } from './varint.ts'

/** A transaction that was aborted, as the broker lists it beside the batches that it touches. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/**
 * Tells, batch by batch in the order of the log, which hold records that a read-committed reader sees. One
 * producer may abort many transactions in one response, and several producers' transactions interleave: a
 * producer is out from its aborted transaction's first offset until its abort marker.
 */
export function committedOnly(aborted: readonly AbortedTransaction[]): (batch: RecordBatch) => boolean {
  const ahead = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const out = new Set<bigint>()
  let next = 0
  return (batch) => {
    for (let first = ahead[next]; first && first.firstOffset < batch.nextOffset; first = ahead[++next]) {
      out.add(first.producerId)
    }
    if (batch.control) {
      if (out.has(batch.producerId) && isAbortMarker(batch)) out.delete(batch.producerId)
      return false
    }
    return !(batch.transactional && out.has(batch.producerId))
  }
}

const ABORT = 0

function isAbortMarker({ records, count }: RecordBatch): boolean {
  if (count === 0) return false
  const cursor: Cursor = { at: 0 }
  readSigned(records, cursor)
  cursor.at++
  readSignedLong(records, cursor)
  readSigned(records, cursor)
  const keyLength = readSigned(records, cursor)
  if (keyLength < 4 || cursor.at + keyLength > records.length) throw damaged('a control record without its type')
  return records.readInt16BE(cursor.at + 2) === ABORT
}
