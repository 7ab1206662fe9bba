import { expect, it } from 'vitest'
import { createFollower } from '../../src/mysql-cdc/log/follower.ts'
import { NO_GTID } from '../../src/mysql-cdc/position.ts'

it('a table that is left while nothing waits but that its rows are to be read again has them read again', () => {
  const spot = { file: 1n, pos: 4n, server: 7n, gtid: NO_GTID }
  const from = { ...spot, phase: 'log', round: 0n, next: 0n, time: 0n, within: 0n } as const
  const again = { ...spot, phase: 'rows', round: 1n, next: 0n, time: 5n } as const
  const follower = createFollower({ table: 'a', stored: new Map() }, from, () => from, { waiting: () => {} })
  follower.feed()
  follower.readAgain(again)
  follower.forget()
  expect(follower.hasMessages).toBe(true)
  expect([follower.place(), follower.logPlace()]).toEqual([again, again])
})
