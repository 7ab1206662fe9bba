import { MillraceError, type Runtime } from '@millrace/base'
import { type Block, type Partition, type Position, type ReadOptions, samePosition } from '../source.ts'
import { blockOf } from '../tables/messages.ts'
import { CHUNK_ROWS } from '../tables/row-place.ts'
import { messagesOf, type PlacedMessage } from './messages.ts'
import {
  isBefore,
  nameAt,
  type Place,
  placeAt,
  placeOf,
  positionOf,
  type RowsPlace,
  type TablePlace,
} from './position.ts'
import type { Follower } from './replication/follower.ts'
import { missing } from './server/postgres-error.ts'
import type { Server } from './server/server.ts'
import type { FindStart } from './start.ts'
import { openRewriteWatch } from './table/rewrite-watch.ts'
import { readNextRows } from './table/rows-reader.ts'
import { isShapeOf, shapeOf } from './table/shape.ts'
import { type Table, tableNow } from './table/table.ts'
import type { Types } from './table/types.ts'

export interface TableReader {
  read(from: Position, options: ReadOptions): Promise<Block | undefined>
  /** Wants it known whether rows were rewritten before the log's end; returns whether that is known since. */
  askForRewrites(end: bigint): () => boolean
}

export interface Readers {
  readonly server: Server
  readonly database: string
  readonly types: Types
  /** Reads changes; a reader without a group has none, and reads rows only. */
  readonly follower: Follower | undefined
  keptBytes(): number | undefined
  readonly findStart: FindStart
}

/** Reads one table: its rows, then its changes. */
export function openTableReader(readers: Readers, partition: Partition, table: Table, runtime: Runtime): TableReader {
  const { server, database, types, follower, keptBytes, findStart } = readers
  const rewrites = openRewriteWatch(server, table, findStart, runtime)
  let limit = CHUNK_ROWS
  let rowsAt: { readonly position: Position; readonly last: readonly string[] } | undefined

  const behind = (newest: number | undefined): Pick<Block, 'behind'> => {
    const kept = keptBytes()
    const ms = newest === undefined ? {} : { ms: Math.max(0, runtime.now() - newest) }
    return { behind: kept === undefined ? ms : { ...ms, keptBytes: kept } }
  }
  const block = (from: Position, reading: Place, to: Position, messages: readonly PlacedMessage[], time: number) => {
    const names = messages.map(({ at }) => nameAt(reading, at))
    return blockOf(partition, from, to, messages, names, time)
  }
  const readRows = async (place: RowsPlace, from: Position, { maxBytes }: ReadOptions) => {
    const now = await tableNow(server, table)
    if (!now && place.round === 0n) throw missing(partition.topic)
    // A dropped table has no rows to read again, but the log may say what became of it.
    if (!now) return block(from, place, positionOf({ ...place, phase: 'log', next: 0n }), [], 0)
    if (!isShapeOf(place.shape, now)) {
      // With another key, no row says where to continue.
      const start = await findStart(shapeOf(now), place.lsn)
      const anew = { ...place, ...start, round: place.round + 1n, next: 0n, time: place.time }
      return block(from, place, positionOf(anew), [], 0)
    }
    const known = rowsAt && samePosition(rowsAt.position, from) ? rowsAt.last : undefined
    const rows = await readNextRows(server, database, now, types, place, known, limit, maxBytes)
    const { messages, next, last } = rows
    limit = rows.limit
    const to = positionOf(next)
    rowsAt = last && { position: to, last }
    return { ...block(from, place, to, messages, runtime.now()), ...behind(undefined) }
  }
  const readLog = async (at: TablePlace, from: Position, { maxBytes, waitMs, signal }: ReadOptions) => {
    if (!follower) {
      throw new MillraceError('SOURCE_UNSUPPORTED', `the changes of ${partition.topic} are read by a group only`, {
        next: 'The server keeps its log for a slot, which a group has, or which ?slot=NAME names.',
      })
    }
    const { place, again, isAnswer } = await rewrites.look(at)
    const taken = await follower.take(table, place, maxBytes, isAnswer ? 1 : waitMs, signal)
    const isOver = again !== undefined && !isBefore(taken.to, placeAt(again.lsn))
    // Changes after the place where the rows are read again are read after those rows.
    const changes = isOver ? taken.changes.filter((change) => isBefore(change.at, placeAt(again.lsn))) : taken.changes
    const messages = await messagesOf(changes, place, { server, types, database, table })
    const to = positionOf(isOver ? again : { ...place, ...taken.to })
    // A shape alone is no progress: it does not grow.
    if (messages.length === 0 && samePosition(to.slice(0, -1), from.slice(0, -1))) return undefined
    const newest = messages.at(-1)?.time
    return { ...block(from, place, to, messages, newest ?? 0), ...behind(newest) }
  }
  return {
    askForRewrites: rewrites.ask,
    async read(from, options) {
      const place = placeOf(from)
      if (!place) {
        throw new MillraceError('OFFSET_OUT_OF_RANGE', `${partition.topic} has no position ${from.join('.')}`)
      }
      return place.phase === 'rows' ? readRows(place, from, options) : readLog(place, from, options)
    },
  }
}
