import type { ObjectStore } from '@millrace/store'
import { type Partition, type Position, reached } from '../source.ts'
import { readEntry } from './chain.ts'
import { entriesOf, positionIn } from './layout.ts'

/** Returns where the step with the first record of a time or later begins, before `end`. */
export async function timeIn(
  store: ObjectStore,
  partition: Partition,
  time: number,
  end: Position,
): Promise<Position | undefined> {
  const positions = await positionsBefore(store, partition, end)
  // Each entry knows the newest time up to it, which never goes back.
  let [from, to] = [0, positions.length]
  while (from < to) {
    const middle = (from + to) >> 1
    const at = positions[middle] as Position
    const entry = await readEntry(store, partition, at, 1)
    if ((entry?.totals.newest ?? 0) >= time) to = middle
    else from = middle + 1
  }
  return positions[from]
}

/** Returns where steps begin, in their order. */
async function positionsBefore(store: ObjectStore, partition: Partition, end: Position): Promise<Position[]> {
  const positions: Position[] = []
  let last = ''
  for await (const key of store.keys(entriesOf(partition))) {
    const name = key.slice(0, key.lastIndexOf('-'))
    const at = positionIn(key)
    if (name !== last && !reached(at, end)) positions.push(at)
    last = name
  }
  return positions.reverse()
}
