import { systemRuntime } from '@millrace/base'
import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { openCatalog, openProducer } from '@millrace/transport'
import { expect, onTestFinished, vi } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'

const it = withServices('kafka')
const EVENTUALLY = { timeout: 90_000, interval: 250 }

/** Opens a workplace and a producer, for topics whose names begin with `shop`. */
async function openShop(bootstrap: string) {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const source = `kafka://${bootstrap}`
  const producer = await openProducer(source, systemRuntime)
  onTestFinished(() => producer.close())
  /** Counts rows and ids in the topics' tables; of ids, those that are different in their table. */
  const counts = (topics: readonly string[]) => {
    const union = topics.map((topic) => `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM "${topic}"`)
    return place
      .sql(`SELECT sum(n)::INT AS n, sum(ids)::INT AS ids FROM (${union.join(' UNION ALL ')})`)
      .catch(() => [])
  }
  return { place, shop: freshName('shop'), source, producer, counts }
}

it('two workers share the topics of a pattern and those that come later, and outlive one that is deleted', async ({
  kafka,
}) => {
  const { place, shop, source, producer, counts } = await openShop(kafka.bootstrap)
  const topics = Array.from({ length: 12 }, (_, i) => `${shop}.t${i}`)
  const make = async (names: readonly string[]) => {
    await makeKafkaTopics(
      kafka.bootstrap,
      names.map((topic) => ({ topic, numPartitions: 2 })),
    )
    const records = Array.from({ length: 20 }, (_, id) => ({ value: Buffer.from(`{"id":${id}}`), partition: id % 2 }))
    for (const topic of names) await producer.send(topic, records)
  }
  await make(topics.slice(0, 8))
  const args = ['--source', source, '--topics', `${shop}\\..*`]
  const start = (...more: string[]) =>
    place.start('stream', ...args, '--infer', '--every', '500ms', '--no-dashboard', ...more)
  const first = start()
  await printed(first, /committed/)
  const second = start()
  await printed(second, /partitions assigned: [12]/)
  await make(topics.slice(8))
  await vi.waitFor(async () => expect(await counts(topics)).toEqual([{ n: 240, ids: 240 }]), EVENTUALLY)
  // Each of them reads on after a topic is gone.
  const gone = Promise.all([first, second].map((worker) => printed(worker, /t11 is read no longer/)))
  const catalog = await openCatalog(source)
  onTestFinished(() => catalog.close())
  await catalog.remove(topics[11] as string)
  await gone
  await producer.send(topics[0] as string, [{ value: Buffer.from('{"id":20}'), partition: 0 }])
  await vi.waitFor(async () => expect(await counts(topics)).toEqual([{ n: 241, ids: 241 }]), EVENTUALLY)
  for (const worker of [first, second]) worker.kill('SIGTERM')
  const codes = await Promise.all([first, second].map((worker) => new Promise((ended) => worker.once('close', ended))))
  expect(codes).toEqual([143, 143])
  expect(await place.run('verify', ...args.slice(2))).toMatchObject({ exitCode: 0 })
})

it('fifty topics are each in their table, each record once, when one of two workers is killed in the middle', async ({
  kafka,
}) => {
  const { place, shop, source, producer, counts } = await openShop(kafka.bootstrap)
  const topics = Array.from({ length: 50 }, (_, i) => `${shop}.t${i}`)
  await makeKafkaTopics(
    kafka.bootstrap,
    topics.map((topic) => ({ topic, numPartitions: 1 })),
  )
  const send = (from: number) =>
    Promise.all(
      topics.map((topic) =>
        producer.send(
          topic,
          Array.from({ length: 10 }, (_, i) => ({ value: Buffer.from(`{"id":${from + i}}`), partition: 0 })),
        ),
      ),
    )
  await send(0)
  const args = ['--topics', `${shop}\\..*`]
  const start = () =>
    place.start('stream', '--source', source, ...args, '--infer', '--every', '500ms', '--no-dashboard')
  const first = start()
  await vi.waitFor(async () => expect(await counts(topics)).toEqual([{ n: 500, ids: 500 }]), EVENTUALLY)
  const second = start()
  await printed(second, /partitions assigned: \d/)
  await send(10)
  first.kill('SIGKILL')
  await send(20)
  await vi.waitFor(async () => expect(await counts(topics)).toEqual([{ n: 1500, ids: 1500 }]), EVENTUALLY)
  second.kill('SIGTERM')
  await new Promise((ended) => second.once('close', ended))
  expect(await place.run('verify', ...args)).toMatchObject({ exitCode: 0 })
})
