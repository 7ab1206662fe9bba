import { once } from 'node:events'
import { freePort } from '@millrace/testkit'
import { expect } from 'vitest'
import { printed, type Workplace } from './millrace.ts'

const KILLS = 5
const CLIENTS = 8

/** Clients that send each request under a key of its own until it is acknowledged, and how many records that was. */
export async function sendThroughKills(place: Workplace, target: readonly string[], topic: string): Promise<number> {
  const listen = `127.0.0.1:${await freePort()}`
  const args = ['gateway', '--listen', listen, ...target, '--json', '--access-log', 'access.log']
  const start = async () => {
    const gateway = place.start(...args)
    await printed(gateway, /listening/)
    return gateway
  }
  let gateway = await start()
  let [reported, next, killing] = [0, 0, true]
  const url = `http://${listen}/topics/${topic}`
  const client = async () => {
    while (killing) {
      const size = 1 + (next % 5)
      const first = next
      next += size
      const records = Array.from({ length: size }, (_, i) => ({
        value: { index: first + i, unique_id: `id-${first + i}` },
      }))
      await untilAcknowledged(url, JSON.stringify({ records }), `batch-${first}`)
      reported += size
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  for (let kill = 1; kill <= KILLS; kill++) {
    const enough = kill * 120
    await expect.poll(() => reported, { timeout: 60_000, interval: 5 }).toBeGreaterThan(enough)
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
    gateway = await start()
  }
  killing = false
  await Promise.all(clients)
  gateway.kill('SIGTERM')
  expect(await once(gateway, 'exit')).toEqual([143, null])
  expect(reported).toBe(next)
  return reported
}

async function untilAcknowledged(url: string, body: string, key: string): Promise<void> {
  const headers = { 'content-type': 'application/vnd.kafka.json.v2+json', 'idempotency-key': key }
  for (;;) {
    try {
      const { status } = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) })
      if (status === 200) return
      if (status < 500 && status !== 408 && status !== 429) throw new Error(`${key}: ${status}`)
    } catch (error) {
      if (!(error instanceof TypeError) && (error as Error).name !== 'TimeoutError') throw error
      // Nobody listens just now.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

export async function expectEach(place: Workplace, records: number): Promise<void> {
  expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
    { n: records, inds: records, last: records - 1 },
  ])
}
