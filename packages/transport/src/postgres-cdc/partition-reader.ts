import { MillraceError, type Runtime } from '@millrace/base'
import { type Block, type Partition, type Position, type ReadOptions, samePosition } from '../source.ts'
import { blockOf } from '../tables/messages.ts'
import type { Follower } from './follower.ts'
import { messagesOf, type PlacedMessage } from './messages.ts'
import { type LogPlace, nameAt, type Place, placeOf, positionOf } from './position.ts'
import { readNextRows } from './rows-reader.ts'
import type { Server } from './server.ts'
import { describeTable, type Table } from './table.ts'
import type { Types } from './types.ts'

export interface TableReader {
  read(from: Position, options: ReadOptions): Promise<Block | undefined>
}

export interface Readers {
  readonly server: Server
  readonly database: string
  readonly types: Types
  /** Reads changes; a reader without a group has none, and reads rows only. */
  readonly follower: Follower | undefined
  keptBytes(): number | undefined
}

/** Reads one table: its rows, then its changes. */
export function openTableReader(
  { server, database, types, follower, keptBytes }: Readers,
  partition: Partition,
  table: Table,
  runtime: Runtime,
): TableReader {
  let rowsAt: { readonly position: Position; readonly last: readonly string[] } | undefined

  const behind = (newest: number | undefined): Pick<Block, 'behind'> => {
    const kept = keptBytes()
    const ms = newest === undefined ? {} : { ms: Math.max(0, runtime.now() - newest) }
    return { behind: kept === undefined ? ms : { ...ms, keptBytes: kept } }
  }
  const block = (from: Position, to: Position, messages: readonly PlacedMessage[], time: number) => {
    const names = messages.map(({ at }) => nameAt(at))
    return blockOf(partition, from, to, messages, names, time)
  }
  const readRows = async (place: Place, from: Position, { maxBytes }: ReadOptions) => {
    const now = await describeTable(server, table.schema, table.name)
    const known = rowsAt && samePosition(rowsAt.position, from) ? rowsAt.last : undefined
    const { messages, next, last } = await readNextRows(server, database, now, types, place, known, maxBytes)
    const to = positionOf(next)
    rowsAt = last && { position: to, last }
    return { ...block(from, to, messages, runtime.now()), ...behind(undefined) }
  }
  const readLog = async (place: LogPlace, from: Position, { maxBytes, waitMs, signal }: ReadOptions) => {
    if (!follower) {
      throw new MillraceError('SOURCE_UNSUPPORTED', `the changes of ${partition.topic} are read by a group only`, {
        next: 'The server keeps its log for a slot, which a group has, or which ?slot=NAME names.',
      })
    }
    const { changes, to: next } = await follower.take(table, place, maxBytes, waitMs, signal)
    const messages = await messagesOf(changes, place, { server, types, database, table })
    const to = positionOf(next)
    if (messages.length === 0 && samePosition(to, from)) return undefined
    const newest = messages.at(-1)?.time
    return { ...block(from, to, messages, newest ?? 0), ...behind(newest) }
  }
  return {
    async read(from, options) {
      const place = placeOf(from)
      if (!place) {
        throw new MillraceError('OFFSET_OUT_OF_RANGE', `${partition.topic} has no position ${from.join('.')}`)
      }
      return place.phase === 'rows' ? readRows(place, from, options) : readLog(place, from, options)
    },
  }
}
