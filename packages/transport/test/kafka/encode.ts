import { gzipSync, zstdCompressSync } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'

/** An encoder of our own, by the protocol's description: what the reader is held against. */
export interface TestRecord {
  readonly offsetDelta: number
  readonly timeDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly (readonly [string, Buffer | null])[]
}

export interface TestBatch {
  readonly baseOffset: number
  readonly records: readonly TestRecord[]
  /** Further than the last record where compaction took the rest. */
  readonly lastOffsetDelta?: number
  readonly codec?: Codec
  readonly baseTime?: number
  readonly maxTime?: number
  readonly appendTime?: boolean
  readonly producerId?: number
  readonly transactional?: boolean
  readonly control?: boolean
  readonly leaderEpoch?: number
  readonly magic?: number
}

export type Codec = 0 | 1 | 2 | 3 | 4

const PACK: Readonly<Record<Codec, (bytes: Buffer) => Buffer>> = {
  0: (bytes) => bytes,
  1: gzipSync,
  2: (bytes) => compressSync(bytes),
  3: (bytes) => compressFrameSync(bytes),
  4: (bytes) => zstdCompressSync(bytes),
}

export function encodeBatch(batch: TestBatch): Buffer {
  const { records, codec = 0, baseTime = 1_700_000_000_000 } = batch
  const packed = PACK[codec](Buffer.concat(records.map(encodeRecord)))
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(batch.baseOffset), 0)
  header.writeInt32BE(49 + packed.length, 8)
  header.writeInt32BE(batch.leaderEpoch ?? 0, 12)
  header.writeInt8(batch.magic ?? 2, 16)
  const flags = (batch.appendTime ? 8 : 0) | (batch.transactional ? 16 : 0) | (batch.control ? 32 : 0)
  header.writeInt16BE(codec | flags, 21)
  header.writeInt32BE(batch.lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? 0, 23)
  header.writeBigInt64BE(BigInt(baseTime), 27)
  header.writeBigInt64BE(BigInt(batch.maxTime ?? baseTime), 35)
  header.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43)
  header.writeInt16BE(batch.producerId === undefined ? -1 : 0, 51)
  header.writeInt32BE(batch.producerId === undefined ? -1 : 0, 53)
  header.writeInt32BE(records.length, 57)
  return sealed(Buffer.concat([header, packed]))
}

/** Writes the checksum that the bytes have now. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** The marker that ends a transaction. */
export function encodeMarker(offset: number, producerId: number, aborts: boolean): Buffer {
  const key = Buffer.from([0, 0, 0, aborts ? 0 : 1])
  const records = [{ offsetDelta: 0, timeDelta: 0, key, value: Buffer.from([0, 0, 0, 0, 0, 0]) }]
  return encodeBatch({ baseOffset: offset, producerId, transactional: true, control: true, records })
}

function encodeRecord({ offsetDelta, timeDelta, key, value, headers = [] }: TestRecord): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(BigInt(timeDelta)),
    varint(BigInt(offsetDelta)),
    sized(key),
    sized(value),
    varint(BigInt(headers.length)),
    ...headers.flatMap(([name, held]) => [sized(Buffer.from(name)), sized(held)]),
  ])
  return Buffer.concat([varint(BigInt(body.length)), body])
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes])
}

/** Zigzag, seven bits a byte, as slowly and plainly as it can be written. */
export function varint(value: bigint): Buffer {
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n
  const bytes: number[] = []
  for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128)
  return Buffer.from([...bytes, Number(rest)])
}
