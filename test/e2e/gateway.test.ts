import { once } from 'node:events'
import { freePort, freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { afterEach, expect, it } from 'vitest'
import { openWorkplace, printed, type Workplace } from './millrace.ts'

const places: Workplace[] = []
const workplace = async () => {
  const place = await openWorkplace()
  places.push(place)
  return place
}
afterEach(async () => {
  for (const place of places.splice(0)) await place.leave()
})

const KILLS = 5
const CLIENTS = 8
const LONG = { timeout: 240_000 }

it('loses nothing that it acknowledged and doubles nothing, killed under load: embedded store', LONG, async () => {
  const place = await workplace()
  const told = await sendThroughKills(place, ['--to', 'embedded:./data/stream.db'], 'pin')
  expect(await place.run('stream', '--until-caught-up', '--datasets', 'pin')).toMatchObject({ exitCode: 0 })
  await expectEach(place, told)
})

const itOnKafka = withServices('kafka')

itOnKafka(
  'loses nothing that it acknowledged and doubles nothing, killed under load: Kafka',
  LONG,
  async ({ kafka }) => {
    const place = await workplace()
    const topic = `${freshName('gateway')}.pin`
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
    const source = `kafka://${kafka.bootstrap}`
    const told = await sendThroughKills(place, ['--to', source], topic)
    const options = ['--source', source, '--datasets', 'pin', '--topics', `pin=${topic}`]
    expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    await expectEach(place, told)
  },
)

/** Clients that send each request under a key of its own until it is acknowledged, and how many records that was. */
async function sendThroughKills(place: Workplace, target: readonly string[], topic: string): Promise<number> {
  const listen = `127.0.0.1:${await freePort()}`
  const args = ['gateway', '--listen', listen, ...target, '--json', '--access-log', 'access.log']
  const start = async () => {
    const gateway = place.start(...args)
    await printed(gateway, /listening/)
    return gateway
  }
  let gateway = await start()
  let [told, next, killing] = [0, 0, true]
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
      told += size
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  for (let kill = 1; kill <= KILLS; kill++) {
    const enough = kill * 120
    await expect.poll(() => told, { timeout: 60_000, interval: 5 }).toBeGreaterThan(enough)
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
    gateway = await start()
  }
  killing = false
  await Promise.all(clients)
  gateway.kill('SIGTERM')
  expect(await once(gateway, 'exit')).toEqual([143, null])
  expect(told).toBe(next)
  return told
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

async function expectEach(place: Workplace, records: number): Promise<void> {
  expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
    { n: records, inds: records, last: records - 1 },
  ])
}
