import { MillraceError, type Runtime } from '@millrace/base'
import { isBefore, placeAt, type RowsPlace, type TablePlace } from './position.ts'
import { madeAnew } from './postgres-error.ts'
import type { Server } from './server.ts'
import { isShapeOf, shapeOf } from './shape.ts'
import type { Start } from './start.ts'
import { describeTable, type Table } from './table.ts'

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

/** `findStart` returns a place in the log, all before which is seen by whoever reads the table from now on. */
export function openRewriteWatch(
  server: Server,
  table: Table,
  findStart: () => Promise<Start>,
  runtime: Runtime,
): RewriteWatch {
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
      const now = await columnsNow(server, table)
      lookedAt = runtime.monotonic()
      if (now && !isShapeOf(place.shape, now)) {
        const start = await findStart()
        again = { phase: 'rows', round: place.round + 1n, ...start, next: 0n, shape: shapeOf(now) }
        return { place, again, isAnswer: false }
      }
      const isAnswer = answered < wanted && !isBefore(place, placeAt(askedEnd))
      answered = wanted
      return { place: now ? { ...place, shape: shapeOf(now) } : place, again, isAnswer }
    },
  }
}

/** Returns the columns of the table; none where it is gone: its log may go on even so. */
async function columnsNow(server: Server, { oid, schema, name }: Table): Promise<Table['columns'] | undefined> {
  const now = await describeTable(server, schema, name).catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'TOPIC_MISSING') return undefined
    throw error
  })
  if (now && now.oid !== oid) throw madeAnew(`${schema}.${name}`)
  return now?.columns
}
