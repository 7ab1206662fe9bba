import type { MillraceError } from '@millrace/base'
import type { OutgoingRecord } from '../../source.ts'

/** Records that are being sent to one partition together, with the callbacks for their outcome. */
export interface PendingSend {
  readonly records: readonly OutgoingRecord[]
  /** Called when the records [from, to) are stored, the first of them at this offset. */
  stored(from: number, to: number, first: bigint): void
  failed(from: number, to: number, error: MillraceError): void
}

/** Consecutive records of a send. */
export interface SendSlice {
  readonly send: PendingSend
  readonly from: number
  readonly to: number
}

/** Upper bound of a record's bytes beside its key and its value. */
const RECORD_OVERHEAD = 32

export function recordsOf(slices: readonly SendSlice[]): readonly OutgoingRecord[] {
  const [first] = slices
  if (first && slices.length === 1 && first.to - first.from === first.send.records.length) {
    return first.send.records
  }
  return slices.flatMap(({ send, from, to }) => send.records.slice(from, to))
}

/** Splits off the first records that fit into so many bytes, at least one. */
export function splitBySize(slices: readonly SendSlice[], bytes: number): [SendSlice[], SendSlice[]] {
  let count = 0
  let size = 0
  for (const { send, from, to } of slices) {
    for (let i = from; i < to; i++, count++) {
      const { value, key, id } = send.records[i] as OutgoingRecord
      size += (value?.length ?? 0) + (key?.length ?? 0) + (id?.length ?? 0) + RECORD_OVERHEAD
      if (size > bytes && count > 0) return splitAt(slices, count)
    }
  }
  return [[...slices], []]
}

/** Splits off the first `count` records. */
export function splitAt(slices: readonly SendSlice[], count: number): [SendSlice[], SendSlice[]] {
  const [head, tail]: [SendSlice[], SendSlice[]] = [[], []]
  let left = count
  for (const slice of slices) {
    const { send, from, to } = slice
    const middle = Math.min(to, from + left)
    if (middle > from) head.push(middle === to ? slice : { send, from, to: middle })
    if (middle < to) tail.push(middle === from ? slice : { send, from: middle, to })
    left -= middle - from
  }
  return [head, tail]
}
