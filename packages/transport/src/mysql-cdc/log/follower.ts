import type { LogSpot, Place, RowsPlace } from '../position.ts'
import { createCounter } from './counter.ts'
import type { Followed, LogMessage } from './log-messages.ts'

/** A table that is followed, and its messages that wait to be taken. */
export interface Follower extends Followed {
  readonly table: string
  /** What ended it; there may be messages that came before. */
  readonly failure: { readonly error: unknown } | undefined
  readonly hasMessages: boolean
  /** Bytes of the messages that wait. */
  readonly bytes: number
  /** Settles at the next message, at the end, or where rows are to be read again. */
  arrival(): Promise<void>
  /** Where reading goes on behind all that was taken; that can be the table's rows again. */
  place(): Place
  /** Where the log is wanted from, behind all that came. */
  logPlace(): Place
  /** What comes in the log is for this table from now on, once the log is where it was. */
  feed(): void
  /** Nothing that comes in the log is for this table until it is fed again. */
  rest(): void
  /** Rests, and forgets what waits: it will be read again. */
  forget(): void
  take(maxBytes: number): LogMessage[]
}

/** `waiting` is told how many bytes more, or fewer, wait to be taken. */
export function createFollower(
  { table, stored }: Pick<Follower, 'table' | 'stored'>,
  from: Place,
  boundary: () => LogSpot,
  { waiting: counted }: { waiting(bytes: number): void },
): Follower {
  let waiting: LogMessage[] = []
  let bytes = 0
  let counter = createCounter(from, boundary)
  /** Where it rests; undefined while it is fed. */
  let resting: Place | undefined = from
  let failure: { readonly error: unknown } | undefined
  /** Where the rows are read again, behind the messages that wait; what comes in the log is for later then. */
  let again: RowsPlace | undefined
  let arrival = Promise.withResolvers<void>()
  const notify = () => {
    arrival.resolve()
    arrival = Promise.withResolvers()
  }
  const addBytes = (more: number) => {
    bytes += more
    counted(more)
  }
  const logPlace = () => again ?? resting ?? counter.place()
  const place = () => waiting[0]?.at ?? logPlace()
  const restAt = (at: Place) => {
    resting = at
  }
  return {
    ...{ table, stored, logPlace, place, arrival: () => arrival.promise },
    get counter() {
      return counter
    },
    get failure() {
      return failure
    },
    get hasMessages() {
      return waiting.length > 0 || again !== undefined
    },
    get bytes() {
      return bytes
    },
    readAgain(from) {
      again ??= from
      notify()
    },
    emit(message) {
      if (again) return
      waiting.push(message)
      addBytes(message.value.length)
      notify()
    },
    fail(error) {
      failure ??= { error }
      restAt(logPlace())
      notify()
    },
    feed() {
      counter = createCounter(logPlace(), boundary)
      resting = undefined
    },
    rest: () => restAt(logPlace()),
    forget() {
      restAt(place())
      // Where the rows are read again is found anew behind the messages; without any it is where reading goes on.
      if (waiting.length > 0) again = undefined
      waiting = []
      addBytes(-bytes)
    },
    take(maxBytes) {
      let [taken, size] = [0, 0]
      while (taken < waiting.length && (taken === 0 || size + (waiting[taken]?.value.length ?? 0) <= maxBytes)) {
        size += waiting[taken++]?.value.length ?? 0
      }
      addBytes(-size)
      return waiting.splice(0, taken)
    },
  }
}
