import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { commit, KEYED_BY, openOrCreate } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { freshName, type MariadbAddress } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { createConnection } from 'mysql2/promise'
import type { Feed } from './feed.ts'
import type { Topic } from './places.ts'

/** People in a keyed table, and where their changes come from: a feed that also knows what the table has to hold. */

export interface Person {
  readonly id: number
  readonly name: string
  readonly seq: number
}

export interface Changes extends Feed {
  /** The people that there are after all that was sent, by id. */
  expected(): Promise<readonly Person[]>
}

const COLUMNS = { id: { type: 'long' }, name: { type: 'string' }, seq: { type: 'long' } }
const FIELDS = { id: { type: 'long' }, name: { type: 'text' }, seq: { type: 'long' } }
const KEYED = { description: 'People, as they change', mode: 'upsert', key: ['id'] }

/** Messages of changes say themselves which is newer; those of a database are in its order. */
const DATASETS = {
  Kafka: {
    ...KEYED,
    fields: { ...FIELDS, op: { type: 'text' } },
    columns: { ...COLUMNS, op: { type: 'string', keep: false } },
    ...{ sequenceBy: ['seq'], deleteWhen: "op = 'd'" },
  },
  MySQL: { ...KEYED, format: 'debezium', fields: FIELDS, columns: COLUMNS },
}

/** Puts the data set `people` into a folder. */
export async function writePeople(folder: string, source: keyof typeof DATASETS): Promise<void> {
  const own = join(folder, 'people')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'dataset.json'), JSON.stringify(DATASETS[source]))
  const columns = Object.keys(DATASETS[source].columns).join(', ')
  await writeFile(join(own, 'clean.sql'), `SELECT ${columns} FROM raw`)
}

/** Makes the table, so that rows are marked as deleted in it and its files stay. */
export async function createMarkedPeople(address: string): Promise<void> {
  const fields = Object.entries(COLUMNS).map(([name, { type }]) => ({ name, type, nullable: true, metadata: {} }))
  const wanted = { schema: { type: 'struct' as const, fields }, configuration: { [KEYED_BY]: 'id' } }
  const table = await openOrCreate({ store: await openLake(address), path: 'people' }, wanted, systemRuntime)
  const features = { readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] }
  const configuration = { ...table.metadata.configuration, 'delta.enableDeletionVectors': 'true' }
  const transaction = {
    operation: 'SET TBLPROPERTIES',
    protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features },
    metadata: { ...table.metadata, configuration },
  }
  await commit(table, transaction, systemRuntime)
}

/** How many people there may be: few, so that each changes again and again. */
const FEW = 400
/** So many that most changes are of new people, whose small files nothing but compaction makes fewer. */
export const MANY = 4_000
const CHANGES_A_SEND = 5
const EVERY_SO_MANY_DELETES = 4

const NOTHING_SENT = { good: [], bad: [] }

/** Sends changes of random people to random partitions: what is newer may come first. */
export async function openMessages({ source, topic, partitions }: Topic, random: () => number): Promise<Changes> {
  const producer = await openProducer(source, systemRuntime)
  const newest = new Map<number, Person | undefined>()
  const below = (bound: number) => Math.floor(random() * bound)
  let seq = 0
  const message = () => {
    const person = { id: below(FEW), name: `name ${below(1000)}`, seq: ++seq }
    const deletes = below(EVERY_SO_MANY_DELETES) === 0
    newest.set(person.id, deletes ? undefined : person)
    return Buffer.from(JSON.stringify({ ...person, op: deletes ? 'd' : 'u' }))
  }
  return {
    sent: NOTHING_SENT,
    async send(records) {
      for (let left = records; left > 0; left -= CHANGES_A_SEND) {
        const partition = below(partitions)
        const values = Array.from({ length: Math.min(left, CHANGES_A_SEND) }, message)
        await producer.send(
          topic,
          values.map((value) => ({ value, partition })),
        )
      }
    },
    expected: async () => [...newest.values()].filter((person) => person !== undefined).sort((a, b) => a.id - b.id),
    close: () => producer.close(),
  }
}

/** Changes random people in a table of a database of its own, whose log is read. */
export async function openDatabase(
  { host, port, user, password, ca }: MariadbAddress,
  random: () => number,
  ids = FEW,
): Promise<{ readonly topic: Topic; readonly changes: Changes }> {
  process.env.MYSQL_PWD = password
  const ssl = { ca: await readFile(ca) }
  const connection = await createConnection({ host, port, user, password, ssl, multipleStatements: true })
  const database = freshName('millrace').replaceAll('-', '_')
  await connection.query(`CREATE DATABASE ${database}; USE ${database};
    CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(40), seq BIGINT)`)
  const below = (bound: number) => Math.floor(random() * bound)
  let seq = 0
  const statement = () => {
    const id = below(ids)
    if (below(EVERY_SO_MANY_DELETES) === 0) return `DELETE FROM people WHERE id = ${id}`
    return `REPLACE INTO people VALUES (${id}, 'name ${below(1000)}', ${++seq})`
  }
  const source = `mysql-cdc://${user}@${host}:${port}/${database}?tables=people&ca=${ca}`
  return {
    topic: { source, topic: `${database}.people`, partitions: 1 },
    changes: {
      sent: NOTHING_SENT,
      async send(records) {
        await connection.query(Array.from({ length: records }, statement).join(';'))
      },
      async expected() {
        const [rows] = await connection.query('SELECT id, name, seq FROM people ORDER BY id')
        return rows as Person[]
      },
      async close() {
        await connection.query(`DROP DATABASE ${database}`)
        await connection.end()
      },
    },
  }
}
