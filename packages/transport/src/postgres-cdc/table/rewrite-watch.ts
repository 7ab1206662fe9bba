import type { Runtime } from '@millrace/base'
import { isBefore, placeAt, type RowsPlace, type TablePlace } from '../position.ts'
import type { Server } from '../server/server.ts'
import type { FindStart } from '../start.ts'
import { isShapeOf, shapeOf } from './shape.ts'
import { type Table, tableNow } from './table.ts'

export interface Look {
  /** Where reading goes on in the log, with the shape that the table has now if the rows stand. */
  readonly place: TablePlace
  /** Where the rows are to be read again, once the log has come so far. */
  readonly again: RowsPlace | undefined
  /** Whether somebody who has asked waits for nothing else any more. */
  readonly isAnswer: boolean
}

/** Finds that rows were rewritten by a statement, of which the log says nothing. */
export interface RewriteWatch {
  look(at: TablePlace): Promise<Look>
  /** Wants it looked at as soon as possible, by who reads up to `end`; returns whether that is done and the rows stand. */
  ask(end: bigint): () => boolean
}

/** How often the server is asked. */
const LOOK_EVERY_MS = 5_000

export function openRewriteWatch(server: Server, table: Table, findStart: FindStart, runtime: Runtime): RewriteWatch {
  let [asked, answered, askedEnd] = [0, 0, 0n]
  let lookedAt = Number.NEGATIVE_INFINITY
  let again: RowsPlace | undefined
  const isDue = () => answered < asked || runtime.monotonic() - lookedAt > LOOK_EVERY_MS
  return {
    ask(end) {
      askedEnd = end
      const mine = ++asked
      return () => answered >= mine
    },
    async look(place) {
      if (again?.round === place.round + 1n && !isBefore(placeAt(again.lsn), place)) {
        return { place, again, isAnswer: false }
      }
      again = undefined
      if (!isDue()) return { place, again, isAnswer: false }
      const wanted = asked
      const now = await tableNow(server, table)
      lookedAt = runtime.monotonic()
      if (now && !isShapeOf(place.shape, now)) {
        const start = await findStart(shapeOf(now), place.lsn)
        again = { phase: 'rows', round: place.round + 1n, ...start, next: 0n }
        return { place, again, isAnswer: false }
      }
      const isAnswer = answered < wanted && !isBefore(place, placeAt(askedEnd))
      answered = wanted
      return { place: now ? { ...place, shape: shapeOf(now) } : place, again, isAnswer }
    },
  }
}
