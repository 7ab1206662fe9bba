import type { LedgerEntry } from '../../ledger/ledger.ts'
import { comparePositions } from './positions.ts'

/** A stretch of a partition of which a group has put records into the table or its quarantine. */
interface Stretch {
  readonly from: readonly string[]
  to: readonly string[]
}

type GroupEntry = LedgerEntry & { readonly group: string }

/** Notes which stretches each group has put into a table, and finds those that several groups have. */
export function compareGroups() {
  const partitions = new Map<string, { readonly name: string; readonly byGroup: Map<string, Stretch[]> }>()
  return {
    note({ group, topic, identity, partition, from, to, records, rows, quarantined }: GroupEntry): void {
      const key = JSON.stringify([topic, identity, partition])
      const noted = partitions.get(key) ?? { name: `${topic}/${partition}`, byGroup: new Map<string, Stretch[]>() }
      partitions.set(key, noted)
      const stretches = noted.byGroup.get(group) ?? []
      noted.byGroup.set(group, stretches)
      const last = stretches.at(-1)
      const keeps = rows + quarantined > 0
      // A range without records has none that could be committed twice.
      if (last && String(last.to) === String(from) && (keeps || records === 0)) last.to = to
      else if (keeps) stretches.push({ from, to })
    },
    problems: (): string[] =>
      [...partitions.values()].flatMap(({ name, byGroup }) =>
        [...byGroup].flatMap(([group, stretches], i) =>
          [...byGroup]
            .slice(i + 1)
            .flatMap(([other, others]) =>
              sharedStretches(stretches, others).map(
                ({ from, to }) =>
                  `${name}: what lies between ${from} and ${to} is there twice: ${group} and ${other} have both committed it`,
              ),
            ),
        ),
      ),
  }
}

function sharedStretches(some: readonly Stretch[], others: readonly Stretch[]): Stretch[] {
  const shared: Stretch[] = []
  for (const one of some) {
    for (const other of others) {
      const from = comparePositions(one.from, other.from) < 0 ? other.from : one.from
      const to = comparePositions(one.to, other.to) < 0 ? one.to : other.to
      if (comparePositions(from, to) < 0) shared.push({ from, to })
    }
  }
  return shared
}
