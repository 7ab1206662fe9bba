import { freshName, kafka, makeKafkaTopics, openOwn, temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { startGateway } from './emulated.ts'
import { openWorkplace } from './millrace.ts'

const it = withServices('kafka')

const CLIENTS = 8
const JSON_V2 = 'application/vnd.kafka.json.v2+json'

it('a broker that is killed under the gateway and comes back: who asks is told, what was acknowledged is there, each once', {
  timeout: 240_000,
}, async ({ onTestFinished }) => {
  const broker = await openOwn('kafka', kafka, await temporaryFolder(onTestFinished), onTestFinished)
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const topic = `${freshName('restarted')}.pin`
  await makeKafkaTopics(broker.address.bootstrap, [{ topic, numPartitions: 3 }])
  const source = `kafka://${broker.address.bootstrap}`
  const gateway = await startGateway(place, source)

  const load = openLoad(`${gateway.url}/topics/${topic}`)
  await load.reported(500)
  await broker.kill()
  const atKill = load.acknowledged()
  const unknown = await post(`${gateway.url}/topics/never-asked-before`, '{"records":[{"value":1}]}', 'other')
  expect(unknown).toMatchObject({ status: 503, text: expect.stringContaining('"error_code":50302') })
  await broker.start()
  await load.reported(atKill + 500)
  const records = await load.end()
  await gateway.stop()

  const options = ['--source', source, '--datasets', 'pin', '--topics', `pin=${topic}`]
  expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
    { n: records, inds: records, last: records - 1 },
  ])
})

/** Clients that send each request under a key of its own until it is acknowledged. */
function openLoad(url: string) {
  let [acknowledged, next, sending] = [0, 0, true]
  const client = async () => {
    while (sending) {
      const [first, size] = [next, 1 + (next % 5)]
      next += size
      const records = Array.from({ length: size }, (_, i) => ({
        value: { index: first + i, unique_id: `id-${first + i}` },
      }))
      let status = 0
      while (status !== 200) {
        status = (await post(url, JSON.stringify({ records }), `batch-${first}`)).status
        expect([200, 408, 503]).toContain(status)
      }
      acknowledged += size
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, client))
  return {
    acknowledged: () => acknowledged,
    /** Once so many records are acknowledged; fails as soon as a client does. */
    reported: (count: number) =>
      Promise.race([clients, expect.poll(() => acknowledged, { timeout: 90_000 }).toBeGreaterThan(count)]),
    async end() {
      sending = false
      await clients
      return acknowledged
    },
  }
}

async function post(url: string, body: string, key: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': JSON_V2, 'idempotency-key': key }
  const answer = await fetch(url, { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}
