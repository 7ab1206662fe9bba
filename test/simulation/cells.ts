import { SOURCES, type SourceName, STORES, type StoreName } from './places.ts'

/** One way to die, in one surrounding. */
export interface Cell {
  readonly point: CrashPoint
  readonly source: SourceName
  readonly store: StoreName
  /** At which passing of the point. */
  readonly time: number
}

export interface CrashPoint {
  readonly name: string
  /** What a worker must be told, or seen to meet, to pass it. */
  readonly needs?: 'a stop' | 'another worker' | 'maintenance'
  /** It is passed once in a worker's life. */
  readonly once?: true
}

/** In the order in which a worker passes them. */
const POINTS: readonly CrashPoint[] = [
  { name: 'anchor opened', once: true },
  { name: 'start resolved', once: true },
  { name: 'epoch begun', once: true },
  { name: 'block read' },
  { name: 'staged' },
  { name: 'file uploaded' },
  { name: 'uploaded' },
  { name: 'quarantined' },
  { name: 'committed' },
  { name: 'acknowledged', once: true },
  { name: 'revoking', needs: 'another worker', once: true },
  { name: 'stopping', needs: 'a stop', once: true },
  { name: 'checkpoint rendered', needs: 'maintenance', once: true },
  { name: 'checkpoint written', needs: 'maintenance', once: true },
  { name: 'compacted', needs: 'maintenance', once: true },
]

/** All that there are, `repeats` times over; at which passing of its point each dies goes by `random`. */
export function allCells(repeats: number, random: () => number): Cell[] {
  return Array.from({ length: repeats }, () =>
    POINTS.flatMap((point) =>
      (Object.keys(SOURCES) as SourceName[]).flatMap((source) =>
        (Object.keys(STORES) as StoreName[])
          .filter(() => canBePassed(point, source))
          .map((store) => ({ point, source, store, time: point.once ? 1 : 1 + Math.floor(random() * 8) })),
      ),
    ),
  ).flat()
}

/** The embedded store's readers all have all partitions: none is ever taken from one. */
function canBePassed({ needs }: CrashPoint, source: SourceName): boolean {
  return !(needs === 'another worker' && source === 'embedded')
}

export interface UpsertCell extends Omit<Cell, 'source'> {
  readonly source: 'Kafka' | 'MySQL'
  readonly writing: 'copy-on-write' | 'merge-on-read'
}

/** The same for a keyed table, which has points of its own, from messages and from a database's log. */
export function upsertCells(repeats: number, random: () => number): UpsertCell[] {
  const own = [{ name: 'tombstones written' }, { name: 'changes uploaded' }]
  const points: CrashPoint[] = [...POINTS.filter(({ name }) => name !== 'file uploaded'), ...own]
  const cells = Array.from({ length: repeats }, () =>
    points.flatMap((point) =>
      (['Kafka', 'MySQL'] as const).flatMap((source) =>
        (Object.keys(STORES) as StoreName[]).flatMap((store) =>
          (['copy-on-write', 'merge-on-read'] as const).map((writing) => {
            return { point, source, store, writing, time: point.once ? 1 : 1 + Math.floor(random() * 8) }
          }),
        ),
      ),
    ),
  )
  // A table of a database has one partition, which every worker reads.
  return cells.flat().filter(({ point, source }) => source !== 'MySQL' || point.needs !== 'another worker')
}

/** So many of them, drawn so that every source and store has its share. */
export function someOf<T extends { readonly source: string; readonly store: string }>(
  cells: readonly T[],
  count: number,
  random: () => number,
): T[] {
  const shuffled = cells.map((cell) => ({ cell, at: random() })).toSorted((a, b) => a.at - b.at)
  const surroundings = Map.groupBy(shuffled, ({ cell: { source, store } }) => `${source} ${store}`)
  const inTurn = Array.from({ length: cells.length }, (_, i) =>
    [...surroundings.values()].flatMap((some) => some[i] ?? []),
  )
  return inTurn
    .flat()
    .slice(0, count)
    .map(({ cell }) => cell)
}
