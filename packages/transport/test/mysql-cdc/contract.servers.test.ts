import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { freshName, type MariadbAddress, mariadbWith, openOwn, withServices } from '@millrace/testkit'
import { openSource, type Position, type SentRecord } from '@millrace/transport'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll } from 'vitest'
import { latestOf, readNames, saying } from '../changes-of-tables.ts'
import { describeTransport, type TransportUnderTest } from '../contract.ts'

const endings: (() => unknown)[] = []
afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** Its server is its own: the log of one that others write to goes on while a table is at rest. */
async function start(): Promise<TransportUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  const { address: server } = await openOwn(
    'mariadb',
    mariadbWith({}),
    folder,
    (end) => void endings.push(end as () => unknown),
  )
  const { host, port, user, password, ca, database } = server as MariadbAddress
  process.env.MYSQL_PWD = password
  const tls = { ca: await readFile(ca) }
  const connection: Connection = await createConnection({ host, port, user, password, database, ssl: tls })
  endings.push(() => connection.end())
  const address = `mysql-cdc://${user}@${host}:${port}/${database}?ca=${ca}`
  const reader = await openSource(address, systemRuntime)
  endings.push(() => reader.close())
  const begins = new Map<string, Position>()
  const reported = readNames(reader)
  let rows = 0n
  return {
    address,
    source: async () => saying(await openSource(address, systemRuntime), begins),
    producer: () => ({
      async send(topic, records) {
        const before = await latestOf(reader, topic)
        const sent = records.map((): SentRecord => ({ partition: '0', offset: rows++ }))
        await connection.query('START TRANSACTION')
        for (const [i, { value }] of records.entries()) {
          await connection.query(`INSERT INTO ${topic} VALUES (?, ?)`, [sent[i]?.offset, value && Buffer.from(value)])
        }
        await connection.query('COMMIT')
        await reported.read(topic, before, records.length)
        return sent
      },
      close: async () => {},
    }),
    async freshTopic() {
      const topic = `${database}.${freshName('t').replaceAll('-', '_')}`
      await connection.query(`CREATE TABLE ${topic} (id BIGINT PRIMARY KEY, value LONGTEXT)`)
      begins.set(topic, await latestOf(reader, topic))
      return topic
    },
    nameOf: ({ offset }) => reported.names.get(offset) ?? '',
    positionOf: ({ offset }) => reader.positionOf(reported.names.get(offset) ?? ''),
    nowhere: [1n, 999_999n, 4n, 0n],
    // A table is one partition, its changes have no headers, and their key is the primary key.
    ...{ partitions: 1, tombstones: false, headers: false, keys: false },
    // A log has no start by time.
    ...{ times: false, lagIsAge: true },
  }
}

let started: Promise<TransportUnderTest> | undefined

describeTransport(
  'the log of MariaDB',
  withServices('mariadb').extend('transport', async () => {
    started ??= start()
    return started
  }),
)
