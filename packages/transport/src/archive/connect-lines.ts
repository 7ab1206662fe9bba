import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { codecOf } from './codec.ts'
import type { ConnectFile } from './connect-files.ts'

const RANGE = 8 << 20
/** A longer line is no message of Kafka. */
const LONGEST_LINE = 64 << 20
/** Records of a portion: each costs memory beside its bytes, of which it may have none. */
const MOST_LINES = 100_000
const LINE_FEED = 0x0a

/** Yields the lines of a file in portions of about so many bytes: whole lines, each with its end. */
export async function* linesOf(store: ObjectStore, file: ConnectFile, bytes: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let [size, hasEnd] = [0, false]
  for await (const chunk of contentOf(store, file)) {
    parts.push(chunk)
    size += chunk.length
    // Only what is new is looked at: a long line comes in thousands of pieces.
    hasEnd ||= chunk.includes(LINE_FEED)
    if (!hasEnd && size > LONGEST_LINE) {
      throw new MillraceError(
        'SOURCE_DAMAGED',
        `${store.url}/${file.key} has a line of more than ${LONGEST_LINE} bytes`,
      )
    }
    if (!hasEnd || size < bytes) continue
    const [lines, rest] = splitAtLastLine(Buffer.concat(parts))
    yield* inPortions(lines)
    parts = [rest]
    ;[size, hasEnd] = [rest.length, false]
  }
  const last = Buffer.concat(parts)
  if (last.length > 0) yield* inPortions(last.at(-1) === LINE_FEED ? last : Buffer.concat([last, Buffer.from('\n')]))
}

/** Yields whole lines, so many of them at a time. */
function* inPortions(lines: Buffer): Generator<Buffer> {
  let [from, count] = [0, 0]
  for (let end = lines.indexOf(LINE_FEED); end !== -1; end = lines.indexOf(LINE_FEED, end + 1)) {
    if (++count < MOST_LINES) continue
    yield lines.subarray(from, end + 1)
    ;[from, count] = [end + 1, 0]
  }
  if (from < lines.length) yield lines.subarray(from)
}

function splitAtLastLine(bytes: Buffer): readonly [Buffer, Buffer] {
  const end = bytes.lastIndexOf(LINE_FEED) + 1
  return [bytes.subarray(0, end), bytes.subarray(end)]
}

async function* contentOf(store: ObjectStore, file: ConnectFile): AsyncGenerator<Buffer> {
  const codec = codecOf(file.key)
  if (codec === 'none') {
    yield* rangesOf(store, file)
    return
  }
  const unpacked = codec === 'gzip' ? createGunzip() : createZstdDecompress()
  // An error of either ends the iteration below.
  pipeline(Readable.from(rangesOf(store, file)), unpacked, () => {})
  try {
    for await (const chunk of unpacked) yield chunk as Buffer
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError('SOURCE_DAMAGED', `${store.url}/${file.key} cannot be unpacked`, { cause })
  }
}

async function* rangesOf(store: ObjectStore, { key, size }: ConnectFile): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < size; offset += RANGE) {
    const bytes = await store.get(key, { offset, length: RANGE })
    if (!bytes) throw new MillraceError('SOURCE_DAMAGED', `${store.url}/${key} is not there any more`)
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }
}
