import { type CassandraAddress, freshName, withServices } from '@millrace/testkit'
import { Client } from 'cassandra-driver'
import { afterAll, beforeAll, describe, expect } from 'vitest'
// The session is private on purpose; here it fails as connections do.
import { parseCassandraAddress } from '../../src/cassandra/address.ts'
import { cassandraOutput } from '../../src/cassandra/output.ts'
import { openSession, type Session } from '../../src/cassandra/session.ts'
import { type Batches, openBatches, userRecord } from '../batches.ts'
import { describeOutput, type OpenOptions, type StoreFaults } from '../contract.ts'
import { failingCalls } from '../failing-calls.ts'
import { peopleDataset } from '../keyed.ts'
import { followsModel } from '../keyed-model.ts'

let server: CassandraAddress
let client: Client
const test = withServices('cassandra').extend('server', { auto: true }, ({ cassandra }) => {
  server = cassandra
  const credentials = { username: server.user, password: server.password }
  const contactPoints = [`${server.host}:${server.port}`]
  client ??= new Client({ contactPoints, localDataCenter: 'datacenter1', credentials })
})
afterAll(() => client?.shutdown())

/** Making a keyspace takes a node long: all share one, and each has a table. */
const shared = freshName('contract').replaceAll('-', '_')

/** A table of its own, and what opens the output on it. */
function place(stem: string, settings = '', keyspace = shared) {
  const table = freshName(stem).replaceAll('-', '_')
  process.env.CASSANDRA_PASSWORD = server.password
  const { user, host, port, ca } = server
  const address = `cassandra://${user}@${host}:${port}/${keyspace}?ssl=true&ca=${ca}${settings}`
  const parsed = parseCassandraAddress(address)
  return {
    name: `"${keyspace}"."${table}"`,
    open: ({ faults, ...context }: OpenOptions, through = (session: Session) => session) =>
      cassandraOutput(through(failing(openSession(parsed, 'Cassandra'), faults)), parsed, {
        ...context,
        ...{ address, table, store: undefined as never },
      }),
    close: async () => {},
  }
}

const options = { storeCanFail: true, delivery: 'once per key', test: test as never } as const
describeOutput('Cassandra', options, async () => {
  const under = place('user', '&primaryKey=ind')
  return {
    ...under,
    message: userRecord,
    async visible() {
      const { rows } = await client.execute(`SELECT ind FROM ${under.name}`)
      return rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b)
    },
  }
})

describe('a table of Cassandra', () => {
  let bySequence: Batches
  let byOrder: Batches
  beforeAll(async () => {
    bySequence = await openBatches(peopleDataset())
    byOrder = await openBatches(peopleDataset({ sequenceBy: undefined, deleteWhen: undefined }))
  })
  afterAll(async () => {
    await Promise.all([bySequence.close(), byOrder.close()])
  })
  const contextOf = (batches: Batches) => ({ ...batches, group: 'model', faults: () => undefined })
  const people = async (name: string) => {
    const { rows } = await client.execute(`SELECT id, name, seq FROM ${name}`)
    const found = rows.map(({ id, name, seq }) => ({ id: Number(id), name: name as string, seq: Number(seq) }))
    return found.sort((a, b) => a.id - b.id)
  }

  test('has the newest row of each key, whatever the order in which changes and deletes come', () =>
    followsModel(
      bySequence,
      async () => {
        const under = place('people')
        return { ...under, open: () => under.open(contextOf(bySequence)), people: () => people(under.name) }
      },
      5,
    ))

  test('has the row that was read last where nothing else says which is newer, also in the same millisecond', async () => {
    const under = place('people')
    const output = await under.open(contextOf(byOrder))
    const partition = { topic: 'people', identity: 'first', id: '0' }
    await output.begin([partition])
    await output.commit(undefined, [{ partition, from: undefined, to: [0n] }])
    // All records of these batches have one time; without an order Cassandra would keep the greater of two values.
    for (const [from, name] of ['z', 'b', 'a'].entries()) {
      const values = [JSON.stringify({ id: 1, name, seq: 9 - from, op: 'u' })]
      const prepared = await output.prepare(byOrder.batch('model', { partition, from, values }))
      const advance = { partition, from: [BigInt(from)], to: [BigInt(from + 1)] }
      expect(await output.commit(prepared, [advance])).toMatchObject({ outcome: 'committed' })
    }
    expect(await people(under.name)).toEqual([{ id: 1, name: 'a', seq: 7 }])
    await output.close()
  })

  test('that is listed but cannot be asked yet, as another worker makes it, is waited for', async () => {
    const own = freshName('making').replaceAll('-', '_')
    const under = place('people', '', own)
    let isListed = false
    const output = await under.open(contextOf(byOrder), (session) => ({
      ...session,
      readSerially: async (query, params) => {
        if (!isListed) await client.execute(`DROP TABLE "${own}"."millrace_progress"`)
        isListed = true
        return session.readSerially(query, params)
      },
    }))
    const partition = { topic: 'people', identity: 'first', id: '0' }
    await expect(output.begin([partition])).rejects.toMatchObject({ code: 'STORE_FAILED', retry: true })
    expect(await output.begin([partition])).toEqual({ positions: new Map(), ofKnownTopics: new Set() })
    await output.close()
  })

  test('is refused where its sequence can be no write timestamp, before anything is made', async () => {
    const under = place('people')
    const dataset = peopleDataset({ sequenceBy: ['seq', 'name'] })
    await expect(under.open({ ...contextOf(bySequence), dataset })).rejects.toMatchObject({ code: 'DATASET_INVALID' })
  })
})

/** A connection that breaks before, while or after the nodes do what they were asked. */
function failing(session: Session, faults: StoreFaults): Session {
  const call = failingCalls(faults)
  return {
    ...session,
    execute: (query, params) => call(() => session.execute(query, params)),
    readSerially: (query, params) => call(() => session.readSerially(query, params)),
    conditionally: (statements) => call(() => session.conditionally(statements)),
  }
}
