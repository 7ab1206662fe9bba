import type { PartitionAccount } from './table.ts'

export interface TableAccounts {
  readonly table: string
  readonly partitions: readonly PartitionAccount[]
}

/**
 * Compares tables that have read the same range of a shared topic. Each record must be in one of them, so the number of
 * records that a table left to others must be what the others took. Tables at different positions can't be compared.
 */
export function compareKinds(tables: readonly TableAccounts[]): string[] {
  const accounts = tables.flatMap(({ table, partitions }) => partitions.map((account) => ({ table, account })))
  const ranges = Map.groupBy(accounts, ({ account: { group, topic, identity, partition, from, to } }) =>
    JSON.stringify([group, topic, identity, partition, from, to]),
  )
  return [...ranges.values()].flatMap((same) => {
    const [first] = same
    if (!first || same.length < 2 || !same.some(({ account }) => account.elsewhere > 0)) return []
    const { topic, partition, records } = first.account
    const taken = same.reduce((sum, { account }) => sum + account.records - account.elsewhere, 0)
    if (taken === records) return []
    const names = same.map(({ table }) => table).join(', ')
    return [`${topic}/${partition}: of ${records} records ${names} took ${taken} in all`]
  })
}
