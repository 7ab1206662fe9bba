import { systemRuntime } from '@millrace/base'
import { freshName, unsignedToken, withServices } from '@millrace/testkit'
import { openProducer, openSource, type Partition, type Source } from '@millrace/transport'
import { afterEach, describe, expect, onTestFinished, vi } from 'vitest'
import { rowsFrom, subscribed } from './reading.ts'
import { kafkajs, makeTopic } from './topics.ts'

const it = withServices('kafkaPair')

async function roundTrip(address: string, topic: string): Promise<{ source: Source; first: Partition }> {
  const producer = await openProducer(address, systemRuntime)
  onTestFinished(() => producer.close())
  await producer.send(topic, [{ value: Buffer.from('{"a":1}'), partition: 0 }])
  const source = await openSource(address, systemRuntime, { group: freshName('group') })
  onTestFinished(() => source.close())
  let first: Partition | undefined
  await source.subscribe([topic], {
    async assigned(partitions) {
      first = partitions[0]
    },
    revoked: async () => {},
  })
  if (!first) throw new Error('nothing was assigned')
  expect((await rowsFrom(source, first, 0n)).map(({ value }) => value)).toEqual(['{"a":1}'])
  return { source, first }
}

describe('a broker that wants to know who we are', () => {
  afterEach(() => vi.unstubAllEnvs())

  it.for(['plain', 'scram-sha-256', 'scram-sha-512'])('lets us in by %s', async (sasl, { kafkaPair }) => {
    vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair.username)
    vi.stubEnv('MILLRACE_KAFKA_PASSWORD', kafkaPair.password)
    await roundTrip(`kafka://${kafkaPair.login}?sasl=${sasl}`, await makeTopic(kafkaPair.plain, 1))
  })

  it('lets us in by a token', async ({ kafkaPair }) => {
    vi.stubEnv('MILLRACE_KAFKA_TOKEN', unsignedToken())
    await roundTrip(`kafka://${kafkaPair.login}?sasl=oauthbearer`, await makeTopic(kafkaPair.plain, 1))
  })

  it('speaks TLS with us, with a login and without', async ({ kafkaPair }) => {
    vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair.username)
    vi.stubEnv('MILLRACE_KAFKA_PASSWORD', kafkaPair.password)
    const topic = await makeTopic(kafkaPair.plain, 1)
    await roundTrip(`kafka://${kafkaPair.login_tls}?ca=${kafkaPair.ca}&sasl=scram-sha-512`, topic)
    await roundTrip(`kafka://${kafkaPair.tls}?ca=${kafkaPair.ca}`, await makeTopic(kafkaPair.plain, 1))
  })

  it('is not trusted with a certificate that nobody vouches for', async ({ kafkaPair }) => {
    const source = await openSource(`kafka://${kafkaPair.tls}?ssl=true`, systemRuntime)
    onTestFinished(() => source.close())
    const listener = { assigned: async () => {}, revoked: async () => {} }
    await expect(source.subscribe(['any'], listener)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  it.for(['plain', 'scram-sha-256'])('does not let in a wrong password by %s', async (sasl, { kafkaPair }) => {
    vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair.username)
    vi.stubEnv('MILLRACE_KAFKA_PASSWORD', 'wrong')
    const source = await openSource(`kafka://${kafkaPair.login}?sasl=${sasl}`, systemRuntime)
    onTestFinished(() => source.close())
    const listener = { assigned: async () => {}, revoked: async () => {} }
    await expect(source.subscribe(['any'], listener)).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
  })

  it('is read past the end of a login', async ({ kafkaPair }) => {
    vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair.username)
    vi.stubEnv('MILLRACE_KAFKA_PASSWORD', kafkaPair.password)
    const topic = await makeTopic(kafkaPair.plain, 1)
    const { source, first } = await roundTrip(`kafka://${kafkaPair.login}?sasl=plain`, topic)
    const until = performance.now() + 2 * kafkaPair.plainLoginMs
    while (performance.now() < until) {
      expect(await source.read(first, [1n], { maxBytes: 1000, waitMs: 200 })).toBeUndefined()
    }
    expect((await source.read(first, [0n], { maxBytes: 1000, waitMs: 5_000 }))?.count).toBe(1)
  })
})

describe('two brokers', () => {
  it('hand a partition from one to the other while it is written and read, and not a record is lost', async ({
    kafkaPair: { plain },
  }) => {
    const topic = await makeTopic(plain, 1)
    const admin = kafkajs(plain).admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const producer = await openProducer(`kafka://${plain}`, systemRuntime)
    onTestFinished(() => producer.close())
    const { source, first } = await subscribed(plain, topic)

    const leader = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions[0]?.leader
    let sent = 0
    let reading = true
    const values: string[] = []
    const read = async () => {
      for (let at: readonly bigint[] = [0n]; reading || Number(at[0]) < sent; ) {
        const block = await source.read(first, at, { maxBytes: 10_000, waitMs: 30_000 })
        if (block) values.push(...Buffer.from(block.bytes).toString().trim().split('\n'))
        at = block?.to ?? at
      }
    }
    const reader = read()
    const write = async (count: number) => {
      for (let i = 0; i < count; i++)
        await producer.send(topic, [{ value: Buffer.from(`{"n":${sent++}}`), partition: 0 }])
    }
    for (let turn = 0; turn < 3; turn++) {
      await write(20)
      const next = (await leader()) === 1 ? 2 : 1
      await admin.alterPartitionReassignments({
        topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [next] }] }],
      })
      const writing = write(30)
      await vi.waitFor(async () => expect(await leader()).toBe(next), { timeout: 30_000, interval: 50 })
      await writing
      await write(20)
    }
    reading = false
    await write(1)
    await reader
    expect(values).toEqual(Array.from({ length: sent }, (_, n) => `{"n":${n}}`))
  })
})
