import { expect, it } from 'vitest'
import { shownAddresses } from '../src/open-outputs.ts'

it('shows addresses without settings, and with them where two would be alike', () => {
  const alike = ['postgres://h/live?schema=a&password=x', 'postgres://h/live?schema=b']
  expect(shownAddresses(['delta', 'cassandra://h/k?primaryKey=a', ...alike])).toEqual([
    ...['delta', 'cassandra://h/k'],
    ...['postgres://h/live?schema=a&password=***', 'postgres://h/live?schema=b'],
  ])
})
