import type { Runtime } from '@millrace/base'
import { type Block, type End, type Partition, type Position, type ReadOptions, reached } from '../source.ts'
import { type Bookmark, bookmarkAt, hasMoved, nextPage } from './bookmark.ts'
import type { Cursors } from './cursor.ts'
import { blockOf, fitting, refilled } from './entries.ts'
import { refuseGap } from './gap.ts'
import { decodePosition, encodePosition } from './position.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Shard, Stream } from './streams.ts'

/** Reads one shard, for any number of pipelines. */
export interface ShardReader {
  read(from: Position, stream: Stream, shard: Shard, options: ReadOptions): Promise<Block | undefined>
  end(): End
  /** Uses this iterator for reading at `position`. */
  remember(position: Position, iterator: string): void
}

/** Allowance for the clocks of Kinesis: records older by this much than one that was read have been read too. */
const SLACK_MS = 60_000

/** How often the progress of a shard without records is committed: well within the retention time. */
const IDLE_ADVANCE_MS = 3_600_000

export function createShardReader(partition: Partition, cursors: Cursors, runtime: Runtime): ShardReader {
  const bookmarks = createBookmarks()
  const rateLimit = createRateLimit(runtime)
  let tip: { readonly position: Position; readonly seenAt: number } | undefined
  let endAskedAt = Number.POSITIVE_INFINITY

  const blockFrom = (from: Position, bookmark: Bookmark, shard: Shard, maxBytes: number, readThrough = 0): Block => {
    const { entries, iterator, pageEnd, behindMs } = bookmark
    const taken = fitting(entries, maxBytes)
    const left = refilled({ ...bookmark, entries: entries.slice(taken.length) }, shard)
    const rest = left.entries
    const through = Math.max(decodePosition(from).through, readThrough, (taken.at(-1)?.time ?? 0) - SLACK_MS)
    const ended = rest.length === 0 && iterator === undefined
    const shardPosition = rest[0] ? { sequence: rest[0].sequence, next: rest[0].index } : pageEnd
    const to = encodePosition({ sequence: shardPosition.sequence, next: ended ? 'end' : shardPosition.next, through })
    bookmarks.drop(from)
    if (!ended) bookmarks.put(to, { ...bookmark, ...left, pageEnd: { ...pageEnd, through } })
    return { ...blockOf(partition, from, to, taken), behind: { ms: behindMs }, ...(ended ? { last: true } : {}) }
  }
  return {
    remember: (position, iterator) => bookmarks.put(position, bookmarkAt(iterator, decodePosition(position))),
    end() {
      const askedAt = runtime.monotonic()
      endAskedAt = askedAt
      return {
        passedBy: (position) =>
          decodePosition(position).next === 'end' ||
          (tip !== undefined && tip.seenAt >= askedAt && reached(position, tip.position)),
      }
    },
    async read(from, stream, shard, { maxBytes, waitMs, signal }) {
      const deadline = runtime.monotonic() + waitMs
      const shardPosition = decodePosition(from)
      const parts = { partition, stream, shard, cursors, rateLimit }
      await refuseGap(partition, stream, shardPosition, cursors, runtime)
      let bookmark =
        bookmarks.at(from) ?? bookmarkAt(await cursors.iteratorAt(partition, stream, shardPosition), shardPosition)
      while (bookmark.entries.length === 0 && bookmark.iterator !== undefined && !hasMoved(bookmark, shardPosition)) {
        bookmarks.put(from, bookmark)
        if (!(await rateLimit.take(deadline, signal))) return undefined
        const [askedAt, wallTime] = [runtime.monotonic(), runtime.now()]
        const page = await nextPage(bookmark, parts, signal)
        if (page) bookmark = page
        if (!page?.atTip) continue
        rateLimit.rest()
        tip = { position: from, seenAt: askedAt }
        if (wallTime - shardPosition.through > IDLE_ADVANCE_MS)
          return blockFrom(from, bookmark, shard, 0, wallTime - SLACK_MS)
        if (endAskedAt > askedAt) continue
        endAskedAt = Number.POSITIVE_INFINITY
        bookmarks.put(from, bookmark)
        return undefined
      }
      return blockFrom(from, bookmark, shard, maxBytes)
    },
  }
}

/** Maximum number of reading positions kept for the pipelines of a shard; further ones get a new iterator. */
const MOST_BOOKMARKS = 4

function createBookmarks() {
  const bookmarks = new Map<string, Bookmark>()
  return {
    drop: (position: Position) => bookmarks.delete(position.join()),
    at: (position: Position) => bookmarks.get(position.join()),
    put(position: Position, bookmark: Bookmark) {
      bookmarks.delete(position.join())
      bookmarks.set(position.join(), bookmark)
      for (const oldest of bookmarks.keys()) if (bookmarks.size > MOST_BOOKMARKS) bookmarks.delete(oldest)
    },
  }
}
