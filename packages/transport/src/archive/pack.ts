import { combineTraits } from '@millrace/base'
import type { Block, Partition } from '../source.ts'
import { sha256Of } from './chain.ts'
import { CODECS, type Codec, codecOf } from './codec.ts'
import { type FileEntry, type RecordsEntry, recordsEntry } from './entry.ts'
import { fileKey } from './layout.ts'
import { encodeLines } from './lines.ts'

/** The records of one partition, ready to be written as one file. */
export interface Packed {
  readonly partition: Partition
  readonly bytes: Uint8Array
  readonly file: FileEntry
  readonly newest: number
}

/** Writes the messages of one partition as the bytes of a file. Returns undefined where there are none. */
export async function pack(blocks: readonly Block[], codec: Codec): Promise<Packed | undefined> {
  const some = blocks.filter(({ count }) => count > 0)
  const [first] = some
  if (!first) return undefined
  const { bytes: lines, odd } = encodeLines(some)
  const records = recordsEntry(some, odd, combineTraits(some.map(({ traits }) => traits)))
  const newest = some.reduce((most, { times }) => times.reduce((a, b) => Math.max(a, b), most), 0)
  const key = fileKey(first.partition, first.offsets[0] ?? 0n, codec)
  return { ...(await packedAs(key, lines, 0, records)), partition: first.partition, newest }
}

async function packedAs(key: string, lines: Uint8Array, padding: number, records: RecordsEntry) {
  const bytes = await CODECS[codecOf(key)].compress(lines)
  return { bytes, file: { key, size: bytes.length, sha256: sha256Of(bytes), padding, records } }
}

/** Returns the same records as a file of another name, with spaces that tell it from other tries at that name. */
export async function packAgain(packed: Packed, key: string, padding: number): Promise<Packed> {
  const { file, bytes } = packed
  const lines = await linesIn(bytes, file)
  return { ...packed, ...(await packedAs(key, padded(lines, padding), padding, file.records)) }
}

const NO_LINES = Buffer.alloc(0)

function padded(lines: Uint8Array, padding: number): Uint8Array {
  return Buffer.concat([lines.subarray(0, Math.max(0, lines.length - 1)), Buffer.from(`${' '.repeat(padding)}\n`)])
}

/** Maximum size of a file's lines, whatever is said of it: no batch is so large. */
const MOST_UNPACKED = 256 << 20

/** Returns the lines in the bytes of a file. */
export async function linesIn(bytes: Uint8Array, { key, padding, records }: FileEntry): Promise<Uint8Array> {
  // Line breaks and binary bytes make lines longer or shorter: in base64 by a third.
  const most = Math.min(records.bytes * 2 + padding + 1024, MOST_UNPACKED)
  const lines = await CODECS[codecOf(key)].decompress(bytes, most)
  if (padding === 0) return lines
  const length = lines.length - padding - 1
  if (length === 0) return NO_LINES
  const unpadded = Buffer.from(lines.subarray(0, length + 1))
  unpadded[length] = 0x0a
  return unpadded
}
