import type { LedgerEntry } from '../../ledger/ledger.ts'
import { comparePositions } from '../../ledger/positions.ts'

/** A range of a partition of which a group has put records into the table or its quarantine. */
interface OffsetRange {
  readonly from: readonly string[]
  to: readonly string[]
}

type GroupEntry = LedgerEntry & { readonly group: string }

/** Notes which ranges each group has put into a table, and finds those that several groups have. */
export function compareGroups() {
  const partitions = new Map<string, { readonly name: string; readonly byGroup: Map<string, OffsetRange[]> }>()
  return {
    note({ group, topic, identity, partition, from, to, records, rows, quarantined }: GroupEntry): void {
      const key = JSON.stringify([topic, identity, partition])
      const noted = partitions.get(key) ?? { name: `${topic}/${partition}`, byGroup: new Map<string, OffsetRange[]>() }
      partitions.set(key, noted)
      const ranges = noted.byGroup.get(group) ?? []
      noted.byGroup.set(group, ranges)
      if (comparePositions(to, from) < 0) {
        takeBack(ranges, to)
        return
      }
      const last = ranges.at(-1)
      const keeps = rows + quarantined > 0
      // A range without records has none that could be committed twice.
      if (last && String(last.to) === String(from) && (keeps || records === 0)) last.to = to
      else if (keeps) ranges.push({ from, to })
    },
    problems: (): string[] =>
      [...partitions.values()].flatMap(({ name, byGroup }) =>
        [...byGroup].flatMap(([group, ranges], i) =>
          [...byGroup]
            .slice(i + 1)
            .flatMap(([other, others]) =>
              sharedRanges(ranges, others).map(
                ({ from, to }) =>
                  `${name}: what lies between ${from} and ${to} is there twice: ${group} and ${other} have both committed it`,
              ),
            ),
        ),
      ),
  }
}

/** Removes everything at or after a position. */
function takeBack(ranges: OffsetRange[], to: readonly string[]): void {
  for (let last = ranges.at(-1); last && comparePositions(to, last.to) < 0; last = ranges.at(-1)) {
    if (comparePositions(last.from, to) < 0) {
      last.to = to
      return
    }
    ranges.pop()
  }
}

function sharedRanges(some: readonly OffsetRange[], others: readonly OffsetRange[]): OffsetRange[] {
  const shared: OffsetRange[] = []
  for (const one of some) {
    for (const other of others) {
      const from = comparePositions(one.from, other.from) < 0 ? other.from : one.from
      const to = comparePositions(one.to, other.to) < 0 ? one.to : other.to
      if (comparePositions(from, to) < 0) shared.push({ from, to })
    }
  }
  return shared
}
