import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime, valueAt } from '@millrace/base'
import { freshName, openOwn, type PostgresAddress, postgres, withServices } from '@millrace/testkit'
import { type Block, openSource, type Position, type SentRecord, type Source } from '@millrace/transport'
import pg from 'pg'
import { afterAll } from 'vitest'
import { describeTransport, type TransportUnderTest } from '../contract.ts'

const endings: (() => unknown)[] = []
afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface Row {
  readonly after: { readonly id: string; readonly value: string | null }
}

const rowAt = (block: Block, i: number) => JSON.parse(Buffer.from(valueAt(block, i) ?? []).toString()) as Row

/** Hands over what the rows say in place of the messages about them. Beginning is where the table was made: in its log. */
function saying(source: Source, begins: ReadonlyMap<string, Position>): Source {
  return {
    ...source,
    resolve: async (partition, start) =>
      (start === 'earliest' && begins.get(partition.topic)) || source.resolve(partition, start),
    async read(partition, from, options) {
      const block = await source.read(partition, from, options)
      const said = block && Array.from({ length: block.count }, (_, i) => rowAt(block, i).after.value)
      return said && { ...block, ...joinValues(said.map((text) => (text === null ? null : Buffer.from(text)))) }
    },
  }
}

/** Its server is its own: the log of one that others write to goes on while a table is at rest. */
async function start(): Promise<TransportUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  const { address: server } = await openOwn(
    'postgres',
    postgres,
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
  /** By its row, the name of each record as a reader was told it. */
  const names = new Map<bigint, string>()
  let rows = 0n
  /** A slot has one reader, and a test may have several sources open: each topic has a group of its own. */
  let group = ''

  const namesFrom = async (topic: string, from: Position, count: number) => {
    const [partition] = await reader.partitions(topic)
    for (let at = from, found = 0; partition && found < count; ) {
      const block = await reader.read(partition, at, { maxBytes: 1 << 20, waitMs: 10_000 })
      for (let i = 0; block && i < block.count; i++)
        names.set(BigInt(rowAt(block, i).after.id), String(block.offsets[i]))
      found += block?.count ?? 0
      at = block?.to ?? at
    }
  }
  const latest = async (source: Source, topic: string) => {
    const [partition] = await source.partitions(topic)
    if (!partition) throw new Error(`there is no ${topic}`)
    return source.resolve(partition, 'latest')
  }
  return {
    address,
    source: async () => saying(await open(group), begins),
    producer: () => ({
      async send(topic, records) {
        const before = await latest(reader, topic)
        const sent = records.map((): SentRecord => ({ partition: '0', offset: rows++ }))
        // In one statement: the log goes on with each record that the server writes to it.
        const values = records.map(({ value }) => value && Buffer.from(value).toString())
        await client.query(`INSERT INTO ${topic} SELECT * FROM unnest($1::bigint[], $2::text[])`, [
          sent.map(({ offset }) => offset),
          values,
        ])
        await namesFrom(topic, before, records.length)
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
      begins.set(topic, await latest(first, topic))
      await first.close()
      return topic
    },
    nameOf: ({ offset }) => names.get(offset) ?? '',
    positionOf: ({ offset }) => reader.positionOf(names.get(offset) ?? ''),
    nowhere: [1n, 1n, 0n],
    // A table is one partition, its changes have no headers, and their key is the primary key.
    ...{ partitions: 1, tombstones: false, headers: false, keys: false },
    // A log has no start by time.
    ...{ times: false, lagIsAge: true },
  }
}

let started: Promise<TransportUnderTest> | undefined

describeTransport(
  'the log of PostgreSQL',
  withServices('postgres').extend('transport', async () => {
    started ??= start()
    return started
  }),
)
