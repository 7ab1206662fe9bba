import type { MillraceError } from '@millrace/base'
import type { OutgoingRecord } from '../source.ts'

/** Records on their way to one partition together, and whom to tell. */
export interface PendingSend {
  readonly records: readonly OutgoingRecord[]
  /** Those from one place to before another are stored, the first of them under this offset. */
  stored(from: number, to: number, first: bigint): void
  failed(from: number, to: number, error: MillraceError): void
}

/** Some records of a send, one behind the other. */
export interface SendSlice {
  readonly send: PendingSend
  readonly from: number
  readonly to: number
}

/** What a record costs beside its key and its value, with room to spare. */
const RECORD_OVERHEAD = 32

export function recordsOf(slices: readonly SendSlice[]): readonly OutgoingRecord[] {
  const [first] = slices
  if (first && slices.length === 1 && first.to - first.from === first.send.records.length) {
    return first.send.records
  }
  return slices.flatMap(({ send, from, to }) => send.records.slice(from, to))
}

/** The first records that fit into so many bytes, one at least; and the others. */
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

/** The first so many records, and the others. */
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
