import type { MillraceError } from '@millrace/base'
import type { OutgoingRecord } from '../source.ts'

/** Records on their way to one partition together, and whom to tell. */
export interface Parcel {
  readonly records: readonly OutgoingRecord[]
  /** Those from one place to before another are stored, the first of them under this offset. */
  arrived(from: number, to: number, first: bigint): void
  failed(from: number, to: number, error: MillraceError): void
}

/** Some records of a parcel, one behind the other. */
export interface Portion {
  readonly parcel: Parcel
  readonly from: number
  readonly to: number
}

/** What a record costs beside its key and its value, with room to spare. */
const RECORD_OVERHEAD = 32

export function recordsOf(portions: readonly Portion[]): readonly OutgoingRecord[] {
  const [first] = portions
  if (first && portions.length === 1 && first.to - first.from === first.parcel.records.length) {
    return first.parcel.records
  }
  return portions.flatMap(({ parcel, from, to }) => parcel.records.slice(from, to))
}

/** The first records that fit into so many bytes, one at least; and the others. */
export function splitBySize(portions: readonly Portion[], bytes: number): [Portion[], Portion[]] {
  let count = 0
  let size = 0
  for (const { parcel, from, to } of portions) {
    for (let i = from; i < to; i++, count++) {
      const { value, key, id } = parcel.records[i] as OutgoingRecord
      size += (value?.length ?? 0) + (key?.length ?? 0) + (id?.length ?? 0) + RECORD_OVERHEAD
      if (size > bytes && count > 0) return splitAt(portions, count)
    }
  }
  return [[...portions], []]
}

/** The first so many records, and the others. */
export function splitAt(portions: readonly Portion[], count: number): [Portion[], Portion[]] {
  const [head, tail]: [Portion[], Portion[]] = [[], []]
  let left = count
  for (const portion of portions) {
    const { parcel, from, to } = portion
    const middle = Math.min(to, from + left)
    if (middle > from) head.push(middle === to ? portion : { parcel, from, to: middle })
    if (middle < to) tail.push(middle === from ? portion : { parcel, from: middle, to })
    left -= middle - from
  }
  return [head, tail]
}
