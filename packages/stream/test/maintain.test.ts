import { systemRuntime } from '@millrace/base'
import type { Output } from '@millrace/outputs'
import { expect, it } from 'vitest'
import { maintain } from '../src/maintenance/maintain.ts'

const TABLES = 1000
const QUARTER_OF_A_MINUTE = 15_000

it('tables of many topics, found together, are not all looked at in the same moment', async () => {
  let [now, drawn] = [0, 0]
  const stopped = new AbortController()
  const runtime = {
    ...systemRuntime,
    monotonic: () => now,
    random: () => (drawn++ % TABLES) / TABLES,
    async sleep(ms: number) {
      now += ms
      if (now > 600_000) stopped.abort()
    },
  }
  const looks = new Map<number, number>()
  const run = async () => {
    looks.set(now, (looks.get(now) ?? 0) + 1)
    return false
  }
  const tables = Array.from({ length: TABLES }, (_, i) => {
    const maintenance = [{ name: 'checkpoint', everyMs: QUARTER_OF_A_MINUTE, run }]
    return { output: { name: `t${i}`, maintenance } as unknown as Output, isMine: () => true, commits: () => 0 }
  })
  await maintain(
    () => tables,
    runtime,
    () => {},
    stopped.signal,
  )
  expect(looks.values().reduce((sum, count) => sum + count, 0)).toBeGreaterThan(TABLES)
  expect(Math.max(...looks.values())).toBeLessThan(TABLES / 20)
})
