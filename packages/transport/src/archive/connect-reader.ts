import { MillraceError, type Runtime, type ValueTraits } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import { type Block, endAt, type Partition, type Position, partitionKey, type StartPosition } from '../source.ts'
import { type ConnectFile, connectFiles } from './connect-files.ts'
import { linesOf } from './connect-lines.ts'
import type { PartitionReader } from './partition-reader.ts'
import { sliceBlock } from './slice.ts'

const POLL_MS = 1_000
/** So much of a file is taken at a time. */
const PORTION = 4 << 20

/** Where reading stands in a file: the lines that come next, and the offset of the first of them. */
interface Cursor {
  readonly file: string
  readonly lines: AsyncGenerator<Buffer>
  next: bigint
}

/**
 * Reads the files of Kafka Connect's S3 sink. A name says the offset of its file's first record alone: the others are
 * counted from there. The time is the file's, and there are no keys.
 */
export function openConnectReader(store: ObjectStore, runtime: Runtime): PartitionReader {
  const listed = new Map<string, readonly ConnectFile[]>()
  const cursors = new Map<string, Cursor>()

  const list = async (partition: Partition) => {
    const files = await connectFiles(store, partition)
    listed.set(partitionKey(partition), files)
    return files
  }
  const filesOf = async (partition: Partition) => listed.get(partitionKey(partition)) ?? list(partition)
  const end = async (partition: Partition): Promise<bigint> => {
    const last = (await list(partition)).at(-1)
    if (!last) return 0n
    let count = 0n
    for await (const lines of linesOf(store, last, PORTION)) count += BigInt(countLines(lines))
    return last.first + count
  }
  /** Returns the lines from a position on in the file that holds it, the first block of them. */
  const readFile = async (partition: Partition, at: bigint, files: readonly ConnectFile[], maxBytes: number) => {
    const key = partitionKey(partition)
    const index = files.findLastIndex(({ first }) => first <= at)
    const file = files[index]
    if (!file) throw outOfRange(partition, at, store)
    const held = cursors.get(key)
    const cursor =
      held?.next === at && held.file === file.key
        ? held
        : { file: file.key, lines: linesOf(store, file, Math.min(maxBytes, PORTION)), next: file.first }
    cursors.set(key, cursor)
    for (;;) {
      const { value: lines } = await cursor.lines.next()
      if (!lines) break
      const block = blockOf(partition, cursor.next, lines, file.modified)
      const skipped = Number(at - cursor.next)
      cursor.next += BigInt(block.count)
      if (cursor.next > at) return { ...sliceBlock(block, Math.max(0, skipped), block.count), from: [at] }
    }
    cursors.delete(key)
    const following = files[index + 1]
    // Offsets between two files are those of records that the log has no more, or never had.
    if (following) return emptyUntil(partition, at, following.first)
    if (cursor.next < at) throw outOfRange(partition, at, store)
    return undefined
  }
  const readNow = async (partition: Partition, at: bigint, maxBytes: number): Promise<Block | undefined> => {
    const block = await readFile(partition, at, await filesOf(partition), maxBytes)
    // More may have been written since the files were listed.
    return block ?? readFile(partition, at, await list(partition), maxBytes)
  }
  return {
    async resolve(partition, start) {
      const files = await list(partition)
      if (start === 'latest') return [await end(partition)]
      return [firstOf(files, start) ?? (await end(partition))]
    },
    end: async (partition) => endAt([await end(partition)]),
    async read(partition, [at = 0n]: Position, { maxBytes, waitMs, signal }) {
      const deadline = runtime.monotonic() + waitMs
      for (;;) {
        const block = await readNow(partition, at, maxBytes)
        if (block || runtime.monotonic() >= deadline || signal?.aborted) return block
        await runtime.sleep(Math.min(POLL_MS, deadline - runtime.monotonic()), signal).catch(() => {})
      }
    },
  }
}

function firstOf(files: readonly ConnectFile[], start: Exclude<StartPosition, 'latest'>): bigint | undefined {
  const file = start === 'earliest' ? files[0] : files.find(({ modified }) => modified >= start.time)
  return file?.first
}

function outOfRange(partition: Partition, at: bigint, { url }: ObjectStore): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', `${partitionKey(partition)}: ${url} has nothing at ${at}`)
}

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(0x0a); at !== -1; at = lines.indexOf(0x0a, at + 1)) count++
  return count
}

function blockOf(partition: Partition, first: bigint, lines: Buffer, time: number): Block {
  const ends: number[] = []
  for (let at = lines.indexOf(0x0a); at !== -1; at = lines.indexOf(0x0a, at + 1)) ends.push(at)
  const count = ends.length
  return {
    ...{ partition, count, bytes: lines },
    from: [first],
    to: [first + BigInt(count)],
    ends: Int32Array.from(ends),
    traits: traitsOf(lines, ends),
    offsets: BigInt64Array.from(ends, (_, i) => first + BigInt(i)),
    times: new Float64Array(count).fill(time),
  }
}

function traitsOf(lines: Buffer, ends: readonly number[]): ValueTraits {
  let [start, longest, first] = [0, 0, lines[0] ?? -1]
  for (const end of ends) {
    longest = Math.max(longest, end - start)
    if (end === start || lines[start] !== first) first = -1
    start = end + 1
  }
  return { nulls: false, lineBreaks: lines.includes(0x0d), longest, first }
}

function emptyUntil(partition: Partition, from: bigint, to: bigint): Block {
  return { ...blockOf(partition, from, Buffer.alloc(0), 0), to: [to] }
}
