import type { Place } from './position.ts'

/** Where reading is in the log, and how many changes of the table came since the transaction began. */
export interface Counter {
  place(): Place
  /** Counts a change; says whether it comes behind the place where reading began. */
  count(): boolean
  /** Goes to where a transaction begins; 0 is no place. */
  moveTo(pos: number, inFile?: bigint): void
}

/** Reading begins between two transactions, and leaves out what was counted behind it. */
export function createCounter(from: Place): Counter {
  let { file, pos } = from
  let counted = 0n
  let skip = from.next
  return {
    place: () => ({ phase: 'log', file, pos, next: counted }),
    count: () => ++counted > skip,
    moveTo(next, inFile = file) {
      if (next === 0) return
      file = inFile
      pos = BigInt(next)
      counted = 0n
      skip = 0n
    },
  }
}
