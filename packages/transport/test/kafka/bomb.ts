import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, createZstdCompress } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { type Codec, encodeBatch, sealed, type TestRecord, varint } from './encode.ts'

/** A batch of so many records of so many zeros each, which packs to nearly nothing. */
export async function bombBatch(codec: Codec, count: number, valueBytes: number): Promise<Buffer> {
  const packed = await PACK[codec](() => recordsOf(count, valueBytes))
  return batchOf(codec, count, packed)
}

/** A batch with these bytes for its packed records, which are `count`. */
export function batchOf(codec: Codec, count: number, packed: Buffer): Buffer {
  const record: TestRecord = { offsetDelta: 0, timeDelta: 0, key: null, value: null }
  const empty = encodeBatch({ baseOffset: 0, records: [record], lastOffsetDelta: count - 1 })
  const batch = Buffer.concat([empty.subarray(0, 61), packed])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(codec, 21)
  batch.writeInt32BE(count, 57)
  return sealed(batch)
}

type Records = () => Generator<Buffer>

const PACK: Readonly<Record<Codec, (records: Records) => Promise<Buffer>>> = {
  0: (records) => whole(records),
  1: (records) => buffer(Readable.from(records()).pipe(createGzip({ level: 1 }))),
  2: async (records) => Buffer.from(compressSync(await whole(records))),
  3: async (records) => compressFrameSync(await whole(records)),
  4: (records) => buffer(Readable.from(records()).pipe(createZstdCompress())),
}

const whole = async (records: Records) => Buffer.concat([...records()])

/** In chunks of some size: a codec takes its time for each. */
function* recordsOf(count: number, valueBytes: number): Generator<Buffer> {
  const value = Buffer.alloc(valueBytes)
  let parts: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const head = Buffer.concat([Buffer.from([0, 0]), varint(BigInt(i)), Buffer.from([1]), varint(BigInt(valueBytes))])
    parts.push(varint(BigInt(head.length + valueBytes + 1)), head, value, Buffer.from([0]))
    if (parts.length * (valueBytes + 4) < CHUNK_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
  }
  yield Buffer.concat(parts)
}

const CHUNK_BYTES = 256 << 10
