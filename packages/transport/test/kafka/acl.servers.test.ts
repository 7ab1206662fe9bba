import { systemRuntime } from '@millrace/base'
import { freshName, withServices } from '@millrace/testkit'
import { openProducer, openSource, type Partition, type Source } from '@millrace/transport'
import { Admin } from '@platformatic/kafka'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { afterEach, beforeEach, expect, onTestFinished, vi } from 'vitest'
import { rowsFrom } from './reading.ts'
import { kafkajs, makeTopic } from './topics.ts'

const it = withServices('kafkaPair')

beforeEach(({ kafkaPair }: { kafkaPair?: { limited: string; password: string } }) => {
  vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair?.limited)
  vi.stubEnv('MILLRACE_KAFKA_PASSWORD', kafkaPair?.password)
})
afterEach(() => vi.unstubAllEnvs())

type Right = keyof typeof AclOperationTypes

/** Lets the limited login do this alone with a topic or a group; somebody else may do all. */
async function allow(plain: string, user: string, kind: 'TOPIC' | 'GROUP', name: string, rights: readonly Right[]) {
  const admin = kafkajs(plain).admin()
  await admin.connect()
  const rule = (principal: string, right: Right) => ({
    ...{ resourceType: AclResourceTypes[kind], resourceName: name, principal: `User:${principal}`, host: '*' },
    resourcePatternType: ResourcePatternTypes.LITERAL,
    ...{ operation: AclOperationTypes[right], permissionType: AclPermissionTypes.ALLOW },
  })
  await admin.createAcls({ acl: [rule('somebody-else', 'ALL'), ...rights.map((right) => rule(user, right))] })
  await admin.disconnect()
}

async function open(address: string, group = freshName('group')): Promise<Source> {
  const source = await openSource(address, systemRuntime, { group })
  onTestFinished(() => source.close())
  return source
}

async function assignedOf(source: Source, topic: string): Promise<Partition> {
  let first: Partition | undefined
  await source.subscribe([topic], {
    async assigned(partitions) {
      first = partitions[0]
    },
    revoked: async () => {},
  })
  if (!first) throw new Error('nothing was assigned')
  return first
}

const READS = { maxBytes: 1 << 20, waitMs: 5_000 }

const ROWS: readonly {
  readonly name: string
  readonly topicRights?: readonly Right[]
  readonly groupRights?: readonly Right[]
  readonly attempt: (address: string, topic: string, group: string) => Promise<unknown>
  readonly message: RegExp
  readonly next: RegExp
}[] = [
  {
    name: 'a topic that the login may not even see',
    topicRights: [],
    attempt: async (address, topic, group) => assignedOf(await open(address, group), topic),
    message: /TOPIC_AUTHORIZATION_FAILED/,
    next: /READ and DESCRIBE on the topic/,
  },
  {
    name: 'a topic that the login may not read',
    topicRights: ['DESCRIBE'],
    attempt: async (address, topic, group) => {
      const source = await open(address, group)
      return source.read(await assignedOf(source, topic), [0n], READS)
    },
    message: /TOPIC_AUTHORIZATION_FAILED/,
    next: /READ and DESCRIBE on the topic/,
  },
  {
    name: 'a consumer group that the login may not use',
    groupRights: [],
    attempt: async (address, topic, group) => assignedOf(await open(address, group), topic),
    message: /GROUP_AUTHORIZATION_FAILED/,
    next: /READ on the consumer group/,
  },
  {
    name: 'a topic that the login may not write',
    topicRights: ['DESCRIBE', 'READ'],
    attempt: async (address, topic) => {
      const producer = await openProducer(address, systemRuntime)
      onTestFinished(() => producer.close())
      await producer.send(topic, [{ value: Buffer.from('{}') }])
    },
    message: /TOPIC_AUTHORIZATION_FAILED/,
    next: /WRITE and DESCRIBE/,
  },
]

it.for(ROWS)('$name is SOURCE_DENIED and says which right is missing', async (row, { kafkaPair }) => {
  const { plain, limited, login } = kafkaPair
  const [topic, group] = [await makeTopic(plain, 1), freshName('group')]
  if (row.topicRights) await allow(plain, limited, 'TOPIC', topic, row.topicRights)
  if (row.groupRights) await allow(plain, limited, 'GROUP', group, row.groupRights)
  const address = `kafka://${login}?sasl=scram-sha-512`
  await vi.waitFor(
    async () =>
      expect(row.attempt(address, topic, group)).rejects.toMatchObject({
        code: 'SOURCE_DENIED',
        message: expect.stringMatching(row.message),
        next: expect.stringMatching(row.next),
      }),
    // A broker hears of new rules a moment after the one that took them.
    { timeout: 20_000, interval: 200 },
  )
})

it('a quota of bytes makes us wait, and not a record is lost or doubled', async ({ kafkaPair }) => {
  const { plain, limited, login } = kafkaPair
  const topic = await makeTopic(plain, 1)
  const admin = new Admin({ clientId: 'admin', bootstrapBrokers: plain.split(',') })
  onTestFinished(() => admin.close())
  const ops = (['producer_byte_rate', 'consumer_byte_rate'] as const).map((key) => {
    return { key, value: RATE, remove: false } as const
  })
  await admin.alterClientQuotas({ entries: [{ entities: [{ entityType: 'user', entityName: limited }], ops }] })
  const address = `kafka://${login}?sasl=scram-sha-512`
  const producer = await openProducer(address, systemRuntime)
  onTestFinished(() => producer.close())
  const values = Array.from({ length: 54 }, (_, i) => `${i} ${'x'.repeat(RATE / 5)}`)
  for (const value of values) await producer.send(topic, [{ value: Buffer.from(value) }])
  const source = await open(address)
  const rows = await rowsFrom(source, await assignedOf(source, topic), 0n)
  expect(rows.map(({ value }) => value)).toEqual(values)
})

/** Bytes a second: 54 records of a fifth of it are more than the ten seconds that brokers look back on allow. */
const RATE = 20_000
