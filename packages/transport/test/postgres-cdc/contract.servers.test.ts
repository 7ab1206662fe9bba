import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import {
  freshName,
  openOwn,
  type PostgresAddress,
  postgresNewestWith,
  postgresWith,
  withServices,
} from '@millrace/testkit'
import { openSource, type Position, type SentRecord } from '@millrace/transport'
import pg from 'pg'
import { afterAll } from 'vitest'
import { latestOf, readNames, saying } from '../changes-of-tables.ts'
import { describeTransport, type TransportUnderTest } from '../contract.ts'

const endings: (() => unknown)[] = []
afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const VERSIONS = { postgres: postgresWith, postgresNewest: postgresNewestWith }

/** Its server is its own: the log of one that others write to goes on while a table is at rest. */
async function start(version: keyof typeof VERSIONS): Promise<TransportUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  const { address: server } = await openOwn(
    version,
    VERSIONS[version]({}),
    folder,
    (end) => void endings.push(end as () => unknown),
  )
  const { host, port, user, password, ca, database } = server as PostgresAddress
  process.env.PGPASSWORD = password
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca: await readFile(ca), host } })
  client.on('error', () => {})
  await client.connect()
  endings.push(() => client.end())
  const address = `postgres-cdc://${user}@${host}:${port}/${database}?ca=${ca}`
  const open = (group: string) => openSource(address, systemRuntime, { group })
  // Of a group of its own: a slot has one reader.
  const reader = await open('names')
  endings.push(() => reader.close())
  const begins = new Map<string, Position>()
  const reported = readNames(reader)
  let rows = 0n
  /** A slot has one reader, and a test may have several sources open: each topic has a group of its own. */
  let group = ''
  return {
    address,
    source: async () => saying(await open(group), begins),
    producer: () => ({
      async send(topic, records) {
        const before = await latestOf(reader, topic)
        const sent = records.map((): SentRecord => ({ partition: '0', offset: rows++ }))
        // In one statement: the log goes on with each record that the server writes to it.
        const values = records.map(({ value }) => value && Buffer.from(value).toString())
        await client.query(`INSERT INTO ${topic} SELECT * FROM unnest($1::bigint[], $2::text[])`, [
          sent.map(({ offset }) => offset),
          values,
        ])
        await reported.read(topic, before, records.length)
        return sent
      },
      close: async () => {},
    }),
    async freshTopic() {
      const topic = `public.${freshName('t').replaceAll('-', '_')}`
      await client.query(`CREATE TABLE ${topic} (id BIGINT PRIMARY KEY, value TEXT)`)
      await client.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active AND slot_name LIKE '%contract%'",
      )
      group = freshName('contract').replaceAll('-', '_')
      const first = await open(group)
      begins.set(topic, await latestOf(first, topic))
      await first.close()
      return topic
    },
    nameOf: ({ offset }) => reported.names.get(offset) ?? '',
    positionOf: ({ offset }) => reader.positionOf(reported.names.get(offset) ?? ''),
    nowhere: [1n, 1n, 0n],
    // A table is one partition, its changes have no headers, and their key is the primary key.
    ...{ partitions: 1, tombstones: false, headers: false, keys: false },
    // A log has no start by time.
    ...{ times: false, lagIsAge: true },
  }
}

for (const version of ['postgres', 'postgresNewest'] as const) {
  let started: Promise<TransportUnderTest> | undefined
  describeTransport(
    `the log of PostgreSQL (${version})`,
    withServices(version).extend('transport', async () => {
      started ??= start(version)
      return started
    }),
  )
}
