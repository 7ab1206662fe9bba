import { MillraceError, type Runtime } from '@millrace/base'
import type { MysqlCdcAddress } from '../address.ts'
import { type LogSpot, NO_GTID, type Place } from '../position.ts'
import type { Reading } from './charsets.ts'
import { compare } from './counter.ts'
import { type Dump, openDump } from './dump.ts'
import type { Follower } from './follower.ts'
import { createPicker, type LogCursor, type Picker } from './picker.ts'

/** One connection that follows the log, and the tables that get what comes. */
export interface Feed {
  /** Where the log is. */
  cursor(): LogSpot
  /** Counts bytes of messages that wait to be taken; the server waits while there are too many. */
  waiting(bytes: number): void
  isFed(follower: Follower): boolean
  /** Feeds a table from its place on. `base` is the name of the log's files. */
  join(follower: Follower, base: string): Promise<void>
  leave(follower: Follower): void
  /** Lets the log continue for a waiting table while another table is not read: that one reads its part again later. */
  unblock(): void
}

/** Bytes of messages of all tables that wait to be taken at most. */
const MOST_WAITING = 8 << 20

function createRoom(changed: (isFull: boolean) => void) {
  let [isFull, bytes] = [false, 0]
  return {
    isFull: () => isFull,
    add(more: number) {
      bytes += more
      const isFullNow = bytes > (isFull ? MOST_WAITING / 2 : MOST_WAITING)
      if (isFullNow === isFull) return
      isFull = isFullNow
      changed(isFull)
    },
  }
}

export function createFeed(address: MysqlCdcAddress, reading: Reading, runtime: Runtime): Feed {
  /** By its name, each table that gets what comes. */
  const fed = new Map<string, Follower>()
  const joining = new Set<Follower>()
  const cursor: LogCursor = { file: 0n, pos: 0n, server: 0n, gtid: NO_GTID, within: 0n }
  let running: { readonly picker: Picker; readonly dump: Dump } | undefined
  /** Number of the current connection. Events of older ones are ignored. */
  let generation = 0
  let turn: Promise<void> = Promise.resolve()

  const room = createRoom((isFull) => (isFull ? running?.dump.pause() : running?.dump.resume()))
  const stop = () => {
    generation++
    running?.dump.close()
    running = undefined
  }
  const failAll = (error: unknown) => {
    stop()
    for (const each of fed.values()) each.fail(error)
    fed.clear()
  }
  /** Whether the log goes on in front of a place. */
  const isStillToCome = (place: Place): boolean => {
    if (!running || place.server !== cursor.server) return false
    const order = compare(cursor, place)
    return order < 0 || (order === 0 && running.picker.isBetween())
  }
  /** Reads the log from where the hindmost table is; what the others have had is not for them. */
  const begin = async (base: string) => {
    stop()
    const mine = generation
    const failed = (error: unknown) => mine === generation && failAll(error)
    for (const each of [...fed.values(), ...joining]) {
      each.rest()
      fed.set(each.table, each)
    }
    joining.clear()
    try {
      const { file, pos, server, gtid } = hindmostOf([...fed.values()], address)
      Object.assign(cursor, { file, pos, server, gtid, within: 0n })
      for (const each of fed.values()) each.feed()
      const picker = createPicker(address.database, base, cursor, reading, fed)
      const dump = await openDump(address, { base, file, pos, server }, picker.take, failed, runtime)
      if (mine !== generation) return dump.close()
      running = { picker, dump }
      if (room.isFull()) dump.pause()
    } catch (error) {
      failed(error)
      throw error
    }
  }
  const join = (follower: Follower, base: string): Promise<void> => {
    joining.add(follower)
    turn = turn
      .catch(() => {})
      .then(async () => {
        if (!joining.has(follower)) return
        if (!isStillToCome(follower.logPlace())) return begin(base)
        joining.delete(follower)
        fed.set(follower.table, follower)
        follower.feed()
      })
    return turn
  }
  const leave = (follower: Follower) => {
    joining.delete(follower)
    follower.forget()
    if (fed.get(follower.table) === follower) fed.delete(follower.table)
    if (fed.size === 0) stop()
  }
  const unblock = () => {
    const [first, ...others] = fed.values()
    if (room.isFull() && first) leave(others.reduce((a, b) => (b.bytes > a.bytes ? b : a), first))
  }
  return {
    cursor: () => cursor,
    waiting: room.add,
    isFed: (follower) => fed.get(follower.table) === follower,
    ...{ join, leave, unblock },
  }
}

/** Fails where the tables' places are of several servers: each finds its own on the one that is there when it is read again. */
function hindmostOf(followers: readonly Follower[], { host, port }: MysqlCdcAddress): Place {
  const places = followers.map((each) => each.logPlace())
  const first = places.reduce((a, b) => (compare(b, a) < 0 ? b : a))
  const other = places.find(({ server }) => server !== first.server)
  if (!other) return first
  const what = `${host}:${port} was server ${first.server} for some tables and is server ${other.server} for others`
  throw new MillraceError('SOURCE_UNREACHABLE', what, {
    next: 'They all go on where it leads by now; it must lead to one server.',
  })
}
