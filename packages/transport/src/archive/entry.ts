import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { MillraceError, refuseBomb, type ValueTraits } from '@millrace/base'
import type { Block, Position } from '../source.ts'
import type { OddValues } from './lines.ts'

/**
 * One step of a partition in the archive: from the position that names the entry to `to`. It is written before the file
 * of its records, and says all that the lines of the file do not.
 */
export interface Entry {
  /** Id of the commit, by which a writer recognizes its own entry. */
  readonly id: string
  readonly to: readonly string[]
  /** Missing where there are no records on the way. */
  readonly file?: FileEntry
  /** Totals of the partition, this step included. */
  readonly totals: Totals
}

export interface FileEntry {
  readonly key: string
  /** Size and hash of the object. */
  readonly size: number
  readonly sha256: string
  /** Spaces before the last newline: they tell the files of several tries apart, and mean nothing in JSON. */
  readonly padding: number
  readonly records: RecordsEntry
}

export interface RecordsEntry {
  readonly count: number
  /** Bytes of the values, and of a newline after each. */
  readonly bytes: number
  readonly traits: ValueTraits
  /** Offsets in a row: the first one and how many. Or the source's names, where they are no numbers. */
  readonly offsets: readonly (readonly [first: string, count: number])[] | readonly string[]
  /** Milliseconds since 1970: how much later than the one before, and how many times in a row. */
  readonly times: readonly (readonly [later: number, count: number])[]
  readonly keys?: readonly (string | null)[]
  /** Objects of JSON, as text. */
  readonly headers?: readonly (string | null)[]
  readonly ids?: readonly (string | null)[]
  readonly oversized?: readonly (readonly [index: number, bytes: number])[]
  readonly odd: OddValues
}

export interface Totals {
  readonly files: number
  readonly bytes: number
  readonly records: number
  /** The newest time of a record. */
  readonly newest: number
}

export const NO_TOTALS: Totals = { files: 0, bytes: 0, records: 0, newest: 0 }

export async function encodeEntry(entry: Entry): Promise<Uint8Array> {
  return promisify(zstdCompress)(JSON.stringify(entry))
}

export async function decodeEntry(bytes: Uint8Array, key: string): Promise<Entry> {
  try {
    const text = (await promisify(zstdDecompress)(bytes, { maxOutputLength: MOST_TEXT })).toString()
    refuseBomb(text)
    return JSON.parse(text) as Entry
  } catch (cause) {
    throw new MillraceError('SOURCE_DAMAGED', `${key} of the archive cannot be read`, { cause })
  }
}

const MOST_TEXT = 256 << 20

export const textsOf = (position: Position): readonly string[] => position.map(String)
export const positionOf = (texts: readonly string[]): Position => texts.map(BigInt)

/** Describes the records of one file. */
export function recordsEntry(blocks: readonly Block[], odd: OddValues, traits: ValueTraits): RecordsEntry {
  const count = blocks.reduce((sum, block) => sum + block.count, 0)
  const listed = (pick: (block: Block) => Block['keys']) =>
    blocks.some((block) => pick(block)?.some((each) => each !== undefined))
      ? blocks.flatMap((block) => Array.from({ length: block.count }, (_, i) => pick(block)?.[i] ?? null))
      : undefined
  const [keys, headers, ids] = [listed(({ keys }) => keys), listed(({ headers }) => headers), listed(({ ids }) => ids)]
  const oversized = oversizedOf(blocks)
  return {
    ...{ count, traits, odd },
    bytes: blocks.reduce((sum, { bytes }) => sum + bytes.length, 0),
    offsets: offsetRuns(blocks),
    times: timeRuns(blocks),
    ...(keys && { keys }),
    ...(headers && { headers }),
    ...(ids && { ids }),
    ...(oversized.length > 0 && { oversized }),
  }
}

function oversizedOf(blocks: readonly Block[]): (readonly [number, number])[] {
  let before = 0
  return blocks.flatMap(({ oversized, count }) => {
    const at = before
    before += count
    return [...(oversized ?? [])].map(([index, bytes]) => [at + index, bytes] as const)
  })
}

function offsetRuns(blocks: readonly Block[]): RecordsEntry['offsets'] {
  if (!blocks.every(({ offsets }) => offsets instanceof BigInt64Array)) {
    return blocks.flatMap(({ offsets }) => Array.from(offsets, String))
  }
  const runs: [string, number][] = []
  let next: bigint | undefined
  for (const { offsets } of blocks as readonly { readonly offsets: BigInt64Array }[]) {
    for (const offset of offsets) {
      const run = runs.at(-1)
      if (run && offset === next) run[1]++
      else runs.push([String(offset), 1])
      next = offset + 1n
    }
  }
  return runs
}

function timeRuns(blocks: readonly Block[]): [number, number][] {
  const runs: [number, number][] = []
  let run: [number, number] | undefined
  let before = 0
  for (const { times } of blocks) {
    for (const time of times) {
      const later = time - before
      before = time
      if (run?.[0] === later) run[1]++
      else {
        run = [later, 1]
        runs.push(run)
      }
    }
  }
  return runs
}

/** Returns the names of the records. */
export function offsetsIn({ offsets, count }: RecordsEntry): BigInt64Array | readonly string[] {
  if (offsets.length > 0 && typeof offsets[0] === 'string') return offsets as readonly string[]
  const all = new BigInt64Array(count)
  let at = 0
  for (const [first, length] of offsets as readonly (readonly [string, number])[]) {
    for (let i = 0, offset = BigInt(first); i < length; i++, offset++) all[at++] = offset
  }
  return all
}

export function timesIn({ times, count }: RecordsEntry): Float64Array {
  const all = new Float64Array(count)
  let [at, time] = [0, 0]
  for (const [later, length] of times) {
    for (let i = 0; i < length; i++) {
      time += later
      all[at++] = time
    }
  }
  return all
}
