import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { endBefore, type JoinedValues, lowerBound, MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { RawObject } from '../manifest.ts'
import { ahead } from './ahead.ts'
import { documentLines, holdsDocuments } from './documents.ts'
import { countLines, linesOf, plainLines, tidyLines } from './lines.ts'

/** Place of a record: its object and its number there, from 1; in a list of records its number there as well, from 0. */
export interface RecordPlace {
  readonly object: string
  readonly place: number
  readonly within?: number
}

export interface RejectedObject {
  readonly object: RawObject
  readonly reason: string
}

/** Records of many objects as one block, and the objects among them that can't be read. */
export interface RawBlock {
  readonly values: JoinedValues
  readonly placeOf: (index: number) => RecordPlace
  readonly rejected: readonly RejectedObject[]
  /** Set if the values were converted from rows to JSON, so that the data set's own format does not apply. */
  readonly converted?: true
}

/** Approximate size of a block that is cleaned at once. */
const BLOCK_BYTES = 32 << 20

/** Objects larger than this are read in pieces. */
const PIECE_BYTES = 8 << 20

/** Twice the connections to S3, so that no connection is idle while the first answer is late. */
const GETS_AHEAD = 128

const HEAD_BYTES = 64 << 10
const TAIL_BYTES = 64 << 10

interface Piece {
  readonly object: RawObject
  readonly from: number
  readonly to: number
}

interface ReadPiece extends Piece, Look {
  readonly bytes: Buffer
}

/** Findings at an object's beginning and end. */
interface Look {
  /** Why it can't be read. */
  readonly rejection?: string
  readonly holdsDocuments: boolean
}

/** Yields the records of JSON objects, a record a line or in documents, in blocks of about the same size. */
export async function* rawBlocks(store: ObjectStore, objects: readonly RawObject[]): AsyncGenerator<RawBlock> {
  let gathering = gather()
  let [take, before] = [plainLines(), 0]
  const limits = { most: GETS_AHEAD, budget: BLOCK_BYTES, cost: ({ from, to }: Piece) => to - from }
  for await (const read of ahead(piecesOf(objects), limits, (piece) => readPiece(store, piece))) {
    const { object, from, to, rejection } = read
    if (rejection !== undefined) {
      if (from === 0) gathering.reject({ object, reason: rejection })
      continue
    }
    if (from === 0) [take, before] = [read.holdsDocuments ? documentLines().take : plainLines(), 0]
    before += gathering.add(object.key, before, take(read.bytes, to === object.size))
    if (gathering.size() < BLOCK_BYTES) continue
    yield gathering.block()
    gathering = gather()
  }
  if (!gathering.isEmpty()) yield gathering.block()
}

function* piecesOf(objects: readonly RawObject[]): Generator<Piece> {
  for (const object of objects) {
    const whole = object.size <= PIECE_BYTES || zipOf(object.key) !== undefined
    const step = whole ? Math.max(1, object.size) : PIECE_BYTES
    for (let from = 0; from < Math.max(1, object.size); from += step) {
      yield { object, from, to: Math.min(object.size, from + step) }
    }
  }
}

interface Zip {
  readonly name: string
  readonly ending: string
  /** What such bytes begin with. */
  readonly magic: Buffer
  unzip(bytes: Buffer): Buffer
}

const ZIPS: readonly Zip[] = [
  { name: 'gzip', ending: '.gz', magic: Buffer.from([0x1f, 0x8b]), unzip: gunzipSync },
  { name: 'zstd', ending: '.zst', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), unzip: zstdDecompressSync },
]

const zipOf = (key: string) => ZIPS.find(({ ending }) => key.endsWith(ending))

async function readPiece(store: ObjectStore, piece: Piece): Promise<ReadPiece> {
  const { object, from, to } = piece
  const whole = from === 0 && to === object.size
  const bytes = await bytesOf(store, object, whole ? undefined : { offset: from, length: to - from })
  if (!whole) return { ...piece, bytes, ...(await lookAtLarge(store, object)) }
  const rejected = (rejection: string) => ({ ...piece, bytes, rejection, holdsDocuments: false })
  if (bytes.length !== object.size) return rejected('it has changed since it was listed')
  const zip = zipOf(object.key)
  const text = zip ? unzipped(bytes, zip) : bytes
  if (text === undefined) return rejected(`its ${zip?.name} is damaged or incomplete`)
  const look = lookAt(text, text)
  if (look.rejection !== undefined || !look.holdsDocuments) return { ...piece, bytes: text, ...look }
  const { take, isComplete } = documentLines()
  const lines = take(text, true)
  return isComplete() ? { ...piece, bytes: lines, holdsDocuments: false } : rejected(INCOMPLETE)
}

async function bytesOf(store: ObjectStore, { key }: RawObject, range?: { offset: number; length: number }) {
  const bytes = await store.get(key, range)
  if (bytes) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  throw new MillraceError('SOURCE_CHANGED', `${store.url}/${key} is gone since the run was planned`, {
    next: 'Restore it, or repeat the run in full.',
  })
}

const looks = new WeakMap<RawObject, Promise<Look>>()

/** Looks at head and tail of a large object once, so that it is rejected as a whole before its first piece is used. */
function lookAtLarge(store: ObjectStore, object: RawObject): Promise<Look> {
  const known = looks.get(object)
  if (known !== undefined) return known
  const looking = (async () => {
    const head = await bytesOf(store, object, { offset: 0, length: HEAD_BYTES })
    const tail = await bytesOf(store, object, { offset: object.size - TAIL_BYTES, length: TAIL_BYTES })
    return lookAt(head, tail)
  })()
  looks.set(object, looking)
  return looking
}

const INCOMPLETE = 'incomplete: its last record has no end'

/** A complete object ends its last record, with or without a line feed; a list of records, with its bracket. */
function lookAt(head: Buffer, tail: Buffer): Look {
  const zip = ZIPS.find(({ magic }) => head.subarray(0, magic.length).equals(magic))
  if (zip) return { rejection: `it is ${zip.name}, and its name says JSON`, holdsDocuments: false }
  const documents = holdsDocuments(head)
  const text = tail.toString('latin1').trimEnd()
  const hasEnd = text === '' || /[}\]]$/.test(text)
  const isComplete = hasEnd || (!documents && tail.at(-1) === 0x0a)
  return { holdsDocuments: documents, ...(!isComplete && { rejection: INCOMPLETE }) }
}

function unzipped(bytes: Buffer, { unzip }: Zip): Buffer | undefined {
  try {
    return unzip(bytes)
  } catch {
    return undefined
  }
}

function gather() {
  const [parts, starts, objects]: [Buffer[], number[], { readonly key: string; readonly before: number }[]] = [
    [],
    [],
    [],
  ]
  const rejected: RejectedObject[] = []
  let size = 0
  return {
    size: () => size,
    isEmpty: () => size === 0 && rejected.length === 0,
    reject: (object: RejectedObject) => void rejected.push(object),
    /** Adds lines of an object, of which there were so many before, and returns how many they are. */
    add(key: string, before: number, bytes: Buffer): number {
      const lines = tidyLines(bytes)
      if (lines.length === 0) return 0
      parts.push(lines)
      starts.push(size)
      objects.push({ key, before })
      size += lines.length
      return countLines(lines)
    },
    block(): RawBlock {
      const values = linesOf(Buffer.concat(parts, size))
      const placeOf = (index: number): RecordPlace => {
        const at = endBefore(values.ends, index)
        const part = lowerBound(starts, at + 1) - 1
        const first = lowerBound(values.ends, starts[part] ?? 0)
        const { key, before } = objects[part] ?? { key: '', before: 0 }
        return { object: key, place: before + index - first + 1 }
      }
      return { values, placeOf, rejected }
    },
  }
}
