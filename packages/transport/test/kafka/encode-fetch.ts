import { writeUnsigned } from '../../src/kafka/records/varint.ts'

export interface TestPart {
  /** 32 hexadecimal digits. */
  readonly topic: string
  readonly index: number
  readonly error?: number
  readonly records?: Buffer
  readonly aborted?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]
  readonly divergesAt?: bigint
}

/** A Fetch response (version 13) from its correlation id on. */
export function encodeFetchResponse(correlation: number, parts: readonly TestPart[], error = 0): Buffer {
  return Buffer.concat([
    int32(correlation),
    unsigned(0),
    int32(0),
    int16(error),
    int32(0),
    unsigned(parts.length + 1),
    ...parts.flatMap((part) => [Buffer.from(part.topic, 'hex'), unsigned(2), encodePart(part), unsigned(0)]),
    unsigned(0),
  ])
}

function encodePart({ index, error = 0, aborted, records, divergesAt }: TestPart): Buffer {
  const divergence = divergesAt === undefined ? [] : [int32(3), int64(divergesAt), unsigned(0)]
  const tag = Buffer.concat(divergence)
  return Buffer.concat([
    int32(index),
    int16(error),
    int64(0n),
    int64(0n),
    int64(0n),
    unsigned(aborted === undefined ? 0 : aborted.length + 1),
    ...(aborted ?? []).flatMap(({ producerId, firstOffset }) => [int64(producerId), int64(firstOffset), unsigned(0)]),
    int32(-1),
    unsigned(records === undefined ? 0 : records.length + 1),
    records ?? Buffer.alloc(0),
    ...(tag.length > 0 ? [unsigned(1), unsigned(0), unsigned(tag.length), tag] : [unsigned(0)]),
  ])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  return bytes.subarray(0, writeUnsigned(bytes, 0, value))
}
