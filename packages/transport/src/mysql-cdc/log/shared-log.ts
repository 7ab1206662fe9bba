import type { Runtime } from '@millrace/base'
import { samePosition } from '../../source.ts'
import type { MysqlCdcAddress } from '../address.ts'
import { type Place, positionOf } from '../position.ts'
import { waitUntil } from '../wait-until.ts'
import type { Reading } from './charsets.ts'
import { createFeed } from './feed.ts'
import { createFollower, type Follower } from './follower.ts'
import type { LogMessage } from './log-messages.ts'

/** One connection that follows the log for all tables of a database that are read. */
export interface SharedLog {
  /** Reads a table's changes from a place on. `base` is the name of the log's files. */
  follow(table: Pick<Follower, 'table' | 'stored'>, base: string, from: Place): LogReader
}

export interface LogReader {
  /** Waits for changes; takes at most so many bytes of them, and at least one. None: nothing came within the time. */
  take(maxBytes: number, waitMs: number, signal?: AbortSignal): Promise<LogMessage[]>
  /** Where reading goes on behind all that was taken. */
  place(): Place
  close(): void
}

const MOVED_WAIT_MS = 50

export function openSharedLog(address: MysqlCdcAddress, reading: Reading, runtime: Runtime): SharedLog {
  const feed = createFeed(address, reading, runtime)
  return {
    follow({ table, stored }, base, from) {
      const follower = createFollower({ table: reading.folded(table), stored }, from, feed.cursor, feed)
      let reported = from
      return {
        async take(maxBytes, waitMs, signal) {
          if (!follower.hasMessages && !follower.failure && !feed.isFed(follower)) await feed.join(follower, base)
          const came = () => follower.hasMessages || follower.failure !== undefined
          // Where the log has gone on without a change of this table, its place is worth to be known.
          const isAsReported = samePosition(positionOf(reported), positionOf(follower.place()))
          await waitUntil(
            came,
            follower.arrival,
            isAsReported ? waitMs : Math.min(waitMs, MOVED_WAIT_MS),
            signal,
            runtime,
          )
          if (!came()) feed.unblock()
          else if (!follower.hasMessages && follower.failure) throw follower.failure.error
          const messages = follower.take(maxBytes)
          reported = follower.place()
          return messages
        },
        place: follower.place,
        close: () => feed.leave(follower),
      }
    },
  }
}
