import { isBefore, type LogPlace, later, placeAt } from '../position.ts'
import { type Change, PLACES, type RowChange, sizeOf } from './changes.ts'
import type { LogMessage, Relation } from './pgoutput.ts'

export interface FollowedTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

export interface Taken {
  readonly changes: readonly Change[]
  /** Where reading goes on behind them. */
  readonly to: LogPlace
}

/** The changes of one table that wait to be taken. */
export interface Queue {
  readonly table: FollowedTable
  readonly waiting: Change[]
  bytes: number
  /** The place behind the last change that waits: what comes before it is not taken in again. */
  next: LogPlace
  /** Where the next taking begins. */
  from: LogPlace
}

/** Sorts the log by tables. */
export interface Queues {
  readonly all: ReadonlyMap<number, Queue>
  /** Of all changes that wait. */
  readonly bytes: number
  /** Takes a message of the log in. */
  message(message: LogMessage, lsn: bigint): void
  /** All that was committed before this place has come. */
  reached(lsn: bigint): void
  /** The log is read from this place on. */
  begin(lsn: bigint): void
  /** The log ends here: each table keeps its own place. */
  end(): void
  /** Whether the log has gone over a place. */
  isOver(place: LogPlace): boolean
  open(table: FollowedTable, from: LogPlace): Queue
  drop(queue: Queue): void
  /** Where the table's next change can be. */
  nextOf(queue: Queue): LogPlace
  pull(queue: Queue, maxBytes: number): Taken
}

interface Transaction {
  /** Where its commit begins in the log. */
  readonly commit: bigint
  readonly time: number
  readonly xid: number
  /** Places taken by each table's changes so far. */
  readonly counts: Map<number, bigint>
}

export function createQueues(): Queues {
  const all = new Map<number, Queue>()
  const relations = new Map<number, Relation>()
  let transaction: Transaction | undefined
  let [passed, bytes] = [0n, 0]
  const nextOf = (queue: Queue) => later(queue.next, placeAt(passed))

  const add = (oid: number, change: RowChange, lsn: bigint) => {
    const [queue, relation] = [all.get(oid), relations.get(oid)]
    if (!queue) return
    if (!relation || !transaction) throw new RangeError('a change in the log is of no table, or of no transaction')
    const { commit, time, xid, counts } = transaction
    const index = counts.get(oid) ?? 0n
    counts.set(oid, index + PLACES)
    const behind: LogPlace = { lsn: commit, next: index + PLACES }
    if (!isBefore(queue.next, behind)) return
    const size = sizeOf(change)
    queue.waiting.push({ ...change, relation, at: { ...behind, next: index }, lsn, xid, time, size })
    queue.next = behind
    queue.bytes += size
    bytes += size
  }
  return {
    all,
    get bytes() {
      return bytes
    },
    message(message, lsn) {
      if (message.what === 'begin') transaction = { ...message, counts: new Map() }
      else if (message.what === 'commit') {
        transaction = undefined
        passed = message.end
      } else if (message.what === 'relation') relations.set(message.relation.oid, message.relation)
      else if (message.what === 'change') add(message.oid, message, lsn)
      else if (message.what === 'truncate') {
        for (const oid of message.oids) add(oid, { op: 't', before: undefined, after: undefined }, lsn)
      }
    },
    reached(lsn) {
      if (!transaction && lsn > passed) passed = lsn
    },
    begin(lsn) {
      passed = lsn
    },
    end() {
      for (const queue of all.values()) queue.next = nextOf(queue)
      passed = 0n
      transaction = undefined
      relations.clear()
    },
    isOver: (place) => transaction !== undefined || isBefore(place, placeAt(passed)),
    open(table, from) {
      const queue = { table, waiting: [], bytes: 0, next: from, from }
      all.set(table.oid, queue)
      return queue
    },
    drop(queue) {
      all.delete(queue.table.oid)
      bytes -= queue.bytes
    },
    nextOf,
    pull(queue, maxBytes) {
      let [count, size] = [0, 0]
      for (const { size: each } of queue.waiting) {
        if (count > 0 && size + each > maxBytes) break
        size += each
        count++
      }
      const changes = queue.waiting.splice(0, count)
      queue.bytes -= size
      bytes -= size
      queue.from = queue.waiting[0]?.at ?? nextOf(queue)
      return { changes, to: queue.from }
    },
  }
}
