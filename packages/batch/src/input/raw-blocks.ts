import { gunzipSync } from 'node:zlib'
import { endBefore, type JoinedValues, lowerBound, MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { RawObject } from '../manifest.ts'
import { ahead } from './ahead.ts'
import { linesOf, tidyLines } from './lines.ts'

/** Place of a record: its object and its number there, from 1. */
export interface RecordPlace {
  readonly object: string
  readonly place: number
}

export interface RefusedObject {
  readonly object: RawObject
  readonly reason: string
}

/** Records of many objects as one block, and the objects among them that can't be read. */
export interface RawBlock {
  readonly values: JoinedValues
  readonly placeOf: (index: number) => RecordPlace
  readonly refused: readonly RefusedObject[]
  /** Set if the values were converted from rows to JSON, so that the data set's own format does not apply. */
  readonly converted?: true
}

/** Approximate size of a block that is cleaned at once. */
const BLOCK_BYTES = 32 << 20

/** Objects larger than this are read in pieces. */
const PIECE_BYTES = 8 << 20

/** Twice the connections to S3, so that no connection is idle while the first answer is late. */
const GETS_AHEAD = 128

const TAIL_BYTES = 64 << 10

interface Piece {
  readonly object: RawObject
  readonly from: number
  readonly to: number
}

interface ReadPiece extends Piece {
  readonly bytes: Buffer
  readonly refusal?: string
}

/** Yields the records of JSON-lines objects in blocks of about the same size. */
export async function* rawBlocks(store: ObjectStore, objects: readonly RawObject[]): AsyncGenerator<RawBlock> {
  let gathering = gather()
  let carried: Buffer | undefined
  const limits = { most: GETS_AHEAD, budget: BLOCK_BYTES, cost: ({ from, to }: Piece) => to - from }
  for await (const read of ahead(piecesOf(objects), limits, (piece) => readPiece(store, piece))) {
    const { object, from, to, refusal } = read
    if (refusal !== undefined) {
      if (from === 0) gathering.refuse({ object, reason: refusal })
      continue
    }
    const bytes = carried ? Buffer.concat([carried, read.bytes]) : read.bytes
    carried = undefined
    const end = to === object.size ? bytes.length : bytes.lastIndexOf(0x0a) + 1
    if (end < bytes.length) carried = bytes.subarray(end)
    gathering.add(object.key, bytes.subarray(0, end))
    if (gathering.size() < BLOCK_BYTES) continue
    yield gathering.block()
    gathering = gather()
  }
  if (!gathering.isEmpty()) yield gathering.block()
}

function* piecesOf(objects: readonly RawObject[]): Generator<Piece> {
  for (const object of objects) {
    const whole = object.size <= PIECE_BYTES || isGzipName(object.key)
    const step = whole ? Math.max(1, object.size) : PIECE_BYTES
    for (let from = 0; from < Math.max(1, object.size); from += step) {
      yield { object, from, to: Math.min(object.size, from + step) }
    }
  }
}

const isGzipName = (key: string) => key.endsWith('.gz')

async function readPiece(store: ObjectStore, piece: Piece): Promise<ReadPiece> {
  const { object, from, to } = piece
  const whole = from === 0 && to === object.size
  const bytes = await bytesOf(store, object, whole ? undefined : { offset: from, length: to - from })
  if (!whole) return { ...piece, bytes, ...(await refusalOfLarge(store, object)) }
  if (bytes.length !== object.size) return { ...piece, bytes, refusal: 'it has changed since it was listed' }
  const text = isGzipName(object.key) ? unzipped(bytes) : bytes
  const refusal = text === undefined ? 'its gzip is damaged or incomplete' : refusalOf(text, text)
  return { ...piece, bytes: text ?? bytes, ...(refusal === undefined ? {} : { refusal }) }
}

async function bytesOf(store: ObjectStore, { key }: RawObject, range?: { offset: number; length: number }) {
  const bytes = await store.get(key, range)
  if (bytes) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  throw new MillraceError('SOURCE_CHANGED', `${store.url}/${key} is gone since the run was planned`, {
    next: 'Restore it, or repeat the run in full.',
  })
}

const checked = new WeakMap<RawObject, Promise<{ refusal?: string }>>()

/** Checks head and tail of a large object once, so that it is refused as a whole before its first piece is used. */
function refusalOfLarge(store: ObjectStore, object: RawObject): Promise<{ refusal?: string }> {
  const known = checked.get(object)
  if (known !== undefined) return known
  const checking = (async () => {
    const head = await bytesOf(store, object, { offset: 0, length: 2 })
    const tail = await bytesOf(store, object, { offset: object.size - TAIL_BYTES, length: TAIL_BYTES })
    const refusal = refusalOf(head, tail)
    return refusal === undefined ? {} : { refusal }
  })()
  checked.set(object, checking)
  return checking
}

/** Returns why an object can't be read. A complete object ends its last record, with or without a line feed. */
function refusalOf(head: Buffer, tail: Buffer): string | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'it is gzip, and its name says JSON'
  if (tail.at(-1) === 0x0a) return undefined
  const text = tail.toString('latin1').trimEnd()
  return text === '' || text.endsWith('}') ? undefined : 'incomplete: its last record has no end'
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes)
  } catch {
    return undefined
  }
}

function gather() {
  const [parts, starts, objects]: [Buffer[], number[], string[]] = [[], [], []]
  const refused: RefusedObject[] = []
  let size = 0
  return {
    size: () => size,
    isEmpty: () => size === 0 && refused.length === 0,
    refuse: (object: RefusedObject) => void refused.push(object),
    add(object: string, bytes: Buffer) {
      const lines = tidyLines(bytes)
      if (lines.length === 0) return
      parts.push(lines)
      starts.push(size)
      objects.push(object)
      size += lines.length
    },
    block(): RawBlock {
      const values = linesOf(Buffer.concat(parts, size))
      const placeOf = (index: number): RecordPlace => {
        const at = endBefore(values.ends, index)
        const part = lowerBound(starts, at + 1) - 1
        const first = lowerBound(values.ends, starts[part] ?? 0)
        return { object: objects[part] ?? '', place: index - first + 1 }
      }
      return { values, placeOf, refused }
    },
  }
}
