import { expect, it } from 'vitest'
import { compareKinds } from '../src/delta/verify/kinds.ts'
import type { PartitionAccount } from '../src/delta/verify/table.ts'

const account = (more: Partial<PartitionAccount>): PartitionAccount => ({
  ...{ group: 'g', topic: 'events', identity: 'i', partition: '0', from: ['0'], to: ['10'] },
  ...{ messages: 10, records: 10, rows: 0, quarantined: 0, filtered: 0, elsewhere: 0, repeated: 0, ...more },
})
const compare = (...accounts: PartitionAccount[]) =>
  compareKinds(accounts.map((each, i) => ({ table: `t${i}`, partitions: [each] })))

it('rule 16: tables that share a topic took each record once', () => {
  expect(compare(account({ rows: 6, elsewhere: 4 }), account({ rows: 4, elsewhere: 6 }))).toEqual([])
})

it.each([
  ['twice', 5, 'took 11'],
  ['by nobody', 7, 'took 9'],
])('finds a record that was taken %s', (_, elsewhere, what) => {
  const problems = compare(account({ rows: 6, elsewhere: 4 }), account({ rows: 10 - elsewhere, elsewhere }))
  expect(problems).toEqual([expect.stringContaining(what)])
})

it('says nothing of tables that are not equally far, or that share nothing', () => {
  expect(compare(account({ elsewhere: 4 }), account({ elsewhere: 4, to: ['12'] }))).toEqual([])
  expect(compare(account({ rows: 10 }), account({ rows: 10 }))).toEqual([])
})
