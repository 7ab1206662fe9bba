import { type Runtime, systemRuntime } from '@millrace/base'
import { freshName, withServices } from '@millrace/testkit'
import { openSource, type Partition, type Source } from '@millrace/transport'
import { afterEach, describe, expect, vi } from 'vitest'
import { kafkajs, makeTopic } from './topics.ts'

const it = withServices('kafka')

/** Heartbeats ten times as often: a rebalance waits for the next one. */
const brisk: Runtime = {
  ...systemRuntime,
  sleep: (milliseconds, signal) => systemRuntime.sleep(milliseconds / 10, signal),
}

const EVENTUALLY = { timeout: 30_000, interval: 20 }

interface Worker {
  readonly source: Source
  readonly owned: Set<string>
  /** In the order of the calls. */
  readonly calls: string[]
}

describe('a consumer group', () => {
  const sources: Source[] = []
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.close()))
  })

  const join = async (bootstrap: string, topic: string, group: string, more: JoinOptions = {}): Promise<Worker> => {
    const source = await openSource(`kafka://${bootstrap}`, more.runtime ?? brisk, {
      group,
      ...(more.member && { member: more.member }),
    })
    sources.push(source)
    const worker: Worker = { source, owned: new Set(), calls: [] }
    const note = (what: string, partitions: readonly Partition[]) => {
      const ids = partitions.map(({ id }) => id).sort()
      worker.calls.push(`${what} ${ids.join()}`)
      return ids
    }
    await source.subscribe([topic], {
      async assigned(partitions) {
        for (const id of note('assigned', partitions)) {
          more.onAssigned?.(id)
          worker.owned.add(id)
        }
      },
      async revoked(partitions) {
        await more.beforeRevoke?.()
        for (const id of note('revoked', partitions)) worker.owned.delete(id)
      },
    })
    return worker
  }

  it('gives a lone worker every partition, with the identity of the topic', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 5)
    const worker = await join(bootstrap, topic, freshName('group'))
    expect([...worker.owned].sort()).toEqual(['0', '1', '2', '3', '4'])
  })

  it('moves some partitions to a second worker, and only after the first has let go of them', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 6)
    const group = freshName('group')
    const letGo = Promise.withResolvers<void>()
    const first = await join(bootstrap, topic, group, { beforeRevoke: () => letGo.promise })
    const held = [...first.owned]
    const overlaps: string[] = []
    const second = await join(bootstrap, topic, group, {
      onAssigned: (id) => first.owned.has(id) && overlaps.push(id),
    })
    expect([...second.owned]).toEqual([])
    expect([...first.owned]).toEqual(held)
    letGo.resolve()
    await vi.waitFor(() => expect([first.owned.size, second.owned.size]).toEqual([3, 3]), EVENTUALLY)
    expect([...first.owned, ...second.owned].sort()).toEqual(held.sort())
    expect(overlaps).toEqual([])
    // Cooperative: what stays was never taken away.
    expect(first.calls.filter((call) => call.startsWith('revoked'))).toHaveLength(1)
  })

  it('hands the partitions of a worker that leaves to the one that stays', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 4)
    const group = freshName('group')
    const first = await join(bootstrap, topic, group)
    const second = await join(bootstrap, topic, group)
    await vi.waitFor(() => expect([first.owned.size, second.owned.size]).toEqual([2, 2]), EVENTUALLY)
    await second.source.close()
    await vi.waitFor(() => expect(first.owned.size).toBe(4), EVENTUALLY)
  })

  it('finds a partition that is added while it runs', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 1)
    const grouped = await join(bootstrap, topic, freshName('group'))
    const admin = kafkajs(bootstrap).admin()
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    await admin.disconnect()
    await vi.waitFor(() => expect([...grouped.owned].sort()).toEqual(['0', '1', '2']), EVENTUALLY)
    expect(grouped.calls.some((call) => call.startsWith('revoked'))).toBe(false)
  })

  it('gives a member with a name its partitions back, without the others noticing', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 4)
    const group = freshName('group')
    const stays = await join(bootstrap, topic, group, { member: 'stays' })
    const returns = await join(bootstrap, topic, group, { member: 'returns' })
    await vi.waitFor(() => expect([stays.owned.size, returns.owned.size]).toEqual([2, 2]), EVENTUALLY)
    const calls = stays.calls.length
    const had = [...returns.owned].sort()
    await returns.source.close()
    const again = await join(bootstrap, topic, group, { member: 'returns' })
    await vi.waitFor(() => expect([...again.owned].sort()).toEqual(had), EVENTUALLY)
    expect(stays.calls).toHaveLength(calls)
  })

  it('takes everything from a worker that was silent for too long, tells it so, and takes it back', async ({
    kafka: { bootstrap },
  }) => {
    const topic = await makeTopic(bootstrap, 4)
    const group = freshName('group')
    let silence: Promise<void> | undefined
    const sleepy: Runtime = {
      ...brisk,
      sleep: async (milliseconds, signal) => {
        await silence
        await brisk.sleep(milliseconds, signal)
      },
    }
    const sleeper = await join(bootstrap, topic, group, { runtime: sleepy })
    const other = await join(bootstrap, topic, group)
    await vi.waitFor(() => expect([sleeper.owned.size, other.owned.size]).toEqual([2, 2]), EVENTUALLY)
    const wake = Promise.withResolvers<void>()
    silence = wake.promise
    await vi.waitFor(() => expect(other.owned.size).toBe(4), EVENTUALLY)
    expect(sleeper.owned.size).toBe(2)
    silence = undefined
    wake.resolve()
    await vi.waitFor(() => expect([sleeper.owned.size, other.owned.size]).toEqual([2, 2]), EVENTUALLY)
    const lost = sleeper.calls.findLast((call) => call.startsWith('revoked'))
    expect(lost?.split(',')).toHaveLength(2)
  })

  it('tells the brokers how far the tables are', async ({ kafka: { bootstrap } }) => {
    const topic = await makeTopic(bootstrap, 2)
    const group = freshName('group')
    const { source } = await join(bootstrap, topic, group)
    const identity = 'any'
    await source.acknowledge(new Map([[{ topic, identity, id: '1' }, [41n]]]))
    await source.acknowledge(new Map([[{ topic, identity, id: '1' }, [42n]]]))
    const admin = kafkajs(bootstrap).admin()
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    await admin.disconnect()
    expect(offsets?.partitions.find(({ partition }) => partition === 1)?.offset).toBe('42')
  })

  it('refuses a topic that is not there', async ({ kafka: { bootstrap } }) => {
    const source = await openSource(`kafka://${bootstrap}`, brisk, { group: freshName('group') })
    sources.push(source)
    const listener = { assigned: async () => {}, revoked: async () => {} }
    await expect(source.subscribe([freshName('nowhere')], listener)).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  })
})

interface JoinOptions {
  readonly runtime?: Runtime
  readonly member?: string
  onAssigned?(id: string): void
  beforeRevoke?(): Promise<void>
}
