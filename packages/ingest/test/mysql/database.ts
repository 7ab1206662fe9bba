import { readFile } from 'node:fs/promises'
import { freshName, type MariadbAddress, PINTEREST } from '@millrace/testkit'
import { type Connection, createConnection } from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { generatorFeed } from '../../src/index.ts'

/** The emulator's tables as they are taught. */
/** Names of the emulator's tables by data set. */
export const TABLE_NAMES = { pin: 'pinterest_data', geo: 'geolocation_data', user: 'user_data' }

const TABLES = {
  pin: {
    name: 'pinterest_data',
    key: '`index`',
    columns: `\`index\` int not null, unique_id text, title text, description text, poster_name text,
      follower_count text, tag_list text, is_image_or_video text, image_src text, downloaded int, save_location text,
      category text`,
  },
  geo: {
    name: 'geolocation_data',
    key: 'ind',
    columns: 'ind int not null, timestamp datetime, latitude double, longitude double, country text',
  },
  user: {
    name: 'user_data',
    key: 'ind',
    columns: 'ind int not null, first_name text, last_name text, age int, date_joined datetime',
  },
} as const

export interface TestDatabase {
  readonly connection: Connection
  /** As --from takes it. */
  readonly address: string
}

/** A database that nobody else uses, and a connection to it. */
export async function newDatabase({ host, port, user, password, ca }: MariadbAddress): Promise<TestDatabase> {
  process.env.MYSQL_PWD = password
  const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
  onTestFinished(() => connection.end())
  const database = freshName('millrace').replace('-', '_')
  await connection.query(`CREATE DATABASE ${database}`)
  await connection.query(`USE ${database}`)
  return { connection, address: `mysql://${user}@${host}:${port}/${database}?ca=${ca}` }
}

/** Fills the emulator's tables with so many posts of the generator; answers the records by data set. */
export async function fillTables(
  { connection }: TestDatabase,
  posts: number,
  { keys }: { readonly keys: boolean | 'but one' },
) {
  const datasets = Object.keys(TABLES)
  const feed = await generatorFeed({ datasets, datasetFolders: [PINTEREST.datasets], mode: 'all', seed: 11 })
  const made = await feed.next(posts)
  const records = new Map<string, string[]>()
  for (const [dataset, { name, key, columns }] of Object.entries(TABLES)) {
    const texts = (made?.get(dataset) ?? []).map((bytes) => Buffer.from(bytes).toString())
    await connection.query(
      `CREATE TABLE ${name} (${columns}${keys === true || (keys && dataset !== 'geo') ? `, PRIMARY KEY (${key})` : ''})`,
    )
    for (let start = 0; start < texts.length; start += 2_000) {
      const rows = texts.slice(start, start + 2_000).map((text) => Object.values(JSON.parse(text) as object))
      await connection.query(`INSERT INTO ${name} VALUES ?`, [rows])
    }
    records.set(dataset, texts)
  }
  return records
}
