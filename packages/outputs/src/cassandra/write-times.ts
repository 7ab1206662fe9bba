import { type Block, partitionKey } from '@millrace/transport'

/** The last write timestamp of each partition, in microseconds, by `partitionKey`. */
export type Clocks = ReadonlyMap<string, number>

export interface WriteTimes {
  /** Returns the write timestamps of the records, given the clocks of their partitions before them. */
  after(clocks: Clocks): TimesAfter
}

export interface TimesAfter {
  /** Returns the write timestamp of the record at this place among all of the batch. */
  at(place: number): number
  /** The clocks after the batch. */
  readonly clocks: Clocks
}

/** The year 2200: a time beyond it is some producer's mistake. */
const LATEST_MS = 7_258_118_400_000

/**
 * The write timestamp of a record is its time, or one microsecond after that of the record before it in its partition,
 * if that is later: of two records with one key the one that is read later is newer. It depends on nothing but the
 * records before it and the clock that is stored with the position, so whoever reads them again gets the same.
 */
export function writeTimesOf(blocks: readonly Block[]): WriteTimes {
  // From each record's time alone, and its number in its partition: `after` needs no more.
  const records = blocks.reduce((sum, { count }) => sum + count, 0)
  const [times, numbers, owners] = [new Float64Array(records), new Int32Array(records), new Int32Array(records)]
  const last = new Map<string, { readonly owner: number; time: number; number: number }>()
  let place = 0
  for (const { partition, count, times: given } of blocks) {
    const key = partitionKey(partition)
    const state = last.get(key) ?? { owner: last.size, time: 0, number: 0 }
    last.set(key, state)
    for (let i = 0; i < count; i++, place++) {
      const ms = Math.max(0, Math.min(LATEST_MS, given[i] ?? 0))
      state.time = Math.max(Math.floor(ms) * 1000, state.time + 1)
      state.number++
      times[place] = state.time
      numbers[place] = state.number
      owners[place] = state.owner
    }
  }
  return {
    after(clocks) {
      const before = [...last.keys()].map((key) => clocks.get(key) ?? 0)
      const moved = [...last].map(([key, { owner, time, number }]) => {
        return [key, Math.max(time, (before[owner] ?? 0) + number)] as const
      })
      return {
        at: (at) => Math.max(times[at] ?? 0, (before[owners[at] ?? 0] ?? 0) + (numbers[at] ?? 0)),
        clocks: new Map([...clocks, ...moved]),
      }
    },
  }
}
