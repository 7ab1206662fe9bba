import type { Runtime } from '@millrace/base'
import { type Block, type End, type Partition, type Position, type ReadOptions, reached } from '../source.ts'
import { type Bookmark, bookmarkAt, hasMoved, turnPage } from './bookmark.ts'
import type { Cursors } from './cursor.ts'
import { blockOf, fitting } from './entries.ts'
import { refuseGap } from './gap.ts'
import { placeOf, positionOf } from './position.ts'
import type { Shard, Stream } from './streams.ts'
import { createTurns } from './turns.ts'

/** Reads one shard, for as many readers as there are. */
export interface ShardReader {
  read(from: Position, stream: Stream, shard: Shard, options: ReadOptions): Promise<Block | undefined>
  end(): End
  /** From now on this iterator is where `position` is read. */
  remember(position: Position, iterator: string): void
}

/** All that arrived so long before what we know to have read has been read: Kinesis's clock is not one clock. */
const SLACK_MS = 60_000

/** How far in time a shard without records has been read is committed this often: long before retention. */
const IDLE_ADVANCE_MS = 3_600_000

export function createShardReader(partition: Partition, cursors: Cursors, runtime: Runtime): ShardReader {
  const bookmarks = createBookmarks()
  const turns = createTurns(runtime)
  let tip: { readonly position: Position; readonly seenAt: number } | undefined
  let endAskedAt = Number.POSITIVE_INFINITY

  const handOver = (from: Position, bookmark: Bookmark, maxBytes: number, readThrough = 0): Block => {
    const { entries, iterator, pageEnd, behindMs } = bookmark
    const taken = fitting(entries, maxBytes)
    const rest = entries.slice(taken.length)
    const through = Math.max(placeOf(from).through, readThrough, (taken.at(-1)?.time ?? 0) - SLACK_MS)
    const ended = rest.length === 0 && iterator === undefined
    const place = rest[0] ? { sequence: rest[0].sequence, next: rest[0].index } : pageEnd
    const to = positionOf({ sequence: place.sequence, next: ended ? 'end' : place.next, through })
    bookmarks.drop(from)
    if (!ended) bookmarks.put(to, { ...bookmark, entries: rest, pageEnd: { ...pageEnd, through } })
    return { ...blockOf(partition, from, to, taken), behind: { ms: behindMs }, ...(ended ? { last: true } : {}) }
  }
  return {
    remember: (position, iterator) => bookmarks.put(position, bookmarkAt(iterator, placeOf(position))),
    end() {
      const askedAt = runtime.monotonic()
      endAskedAt = askedAt
      return {
        passedBy: (position) =>
          placeOf(position).next === 'end' ||
          (tip !== undefined && tip.seenAt >= askedAt && reached(position, tip.position)),
      }
    },
    async read(from, stream, shard, { maxBytes, waitMs, signal }) {
      const deadline = runtime.monotonic() + waitMs
      const place = placeOf(from)
      const parts = { partition, stream, shard, cursors, turns }
      await refuseGap(partition, stream, place, cursors, runtime)
      let bookmark = bookmarks.at(from) ?? bookmarkAt(await cursors.iteratorAt(partition, stream, place), place)
      while (bookmark.entries.length === 0 && bookmark.iterator !== undefined && !hasMoved(bookmark, place)) {
        bookmarks.put(from, bookmark)
        if (!(await turns.take(deadline, signal))) return undefined
        const [askedAt, wallTime] = [runtime.monotonic(), runtime.now()]
        const page = await turnPage(bookmark, parts, signal)
        if (page) bookmark = page
        if (!page?.atTip) continue
        turns.rest()
        tip = { position: from, seenAt: askedAt }
        if (wallTime - place.through > IDLE_ADVANCE_MS) return handOver(from, bookmark, 0, wallTime - SLACK_MS)
        if (endAskedAt > askedAt) continue
        endAskedAt = Number.POSITIVE_INFINITY
        bookmarks.put(from, bookmark)
        return undefined
      }
      return handOver(from, bookmark, maxBytes)
    },
  }
}

/** Several pipelines can read one shard; beyond that, reading begins anew at a position. */
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
