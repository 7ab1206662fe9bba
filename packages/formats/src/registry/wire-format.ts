import { endBefore, type JoinedValues } from '@millrace/base'

const MAGIC = 0

/** How many bytes stand before what Confluent's wire format carries: a zero byte, the id of a schema. */
export const HEADER = 5

/** Returns the id of the schema of the message between two places; undefined where there is none. */
export function schemaIdAt(view: DataView, start: number, end: number): number | undefined {
  return end - start < HEADER || view.getUint8(start) !== MAGIC ? undefined : view.getUint32(start + 1)
}

/** Returns the ids in the block that are not known yet; neighbours mostly have the same. */
export function unknownIds({ bytes, ends, count }: JoinedValues, known: ReadonlyMap<number, unknown>): Set<number> {
  const missing = new Set<number>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let last: number | undefined
  for (let index = 0; index < count; index++) {
    const id = schemaIdAt(view, endBefore(ends, index), ends[index] as number)
    if (id !== undefined && id !== last && !known.has(id)) missing.add(id)
    last = id
  }
  return missing
}
