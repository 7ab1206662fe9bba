import { readFileSync } from 'node:fs'
import { generatorFeed } from '@millrace/ingest'
import { PINTEREST } from '@millrace/testkit'
import { type ConnectionOptions, createConnection } from 'mysql2/promise'

const ROWS_AT_ONCE = 2_000

export type Server = Readonly<Record<string, string>>

export function loginTo({
  host = '',
  port,
  user = '',
  password = '',
  database = '',
  ca = '',
}: Server): ConnectionOptions {
  return { host, port: Number(port), user, password, database, ssl: { ca: readFileSync(ca) } }
}

/** As `millrace ingest --from` takes it. */
export function addressOf({ host, port, user, database, ca }: Server): string {
  return `mysql://${user}@${host}:${port}/${database}?ca=${ca}`
}

/** The emulator's table of pins, with so many of them. */
export async function fillPins(server: Server, count: number): Promise<void> {
  const connection = await createConnection(loginTo(server))
  await connection.query('DROP TABLE IF EXISTS pinterest_data')
  await connection.query(`CREATE TABLE pinterest_data (\`index\` int PRIMARY KEY, unique_id text, title text,
    description text, poster_name text, follower_count text, tag_list text, is_image_or_video text, image_src text,
    downloaded int, save_location text, category text)`)
  const feed = await generatorFeed({ datasets: ['pin'], datasetFolders: [PINTEREST.datasets], mode: 'all', seed: 7 })
  for (let left = count; left > 0; left -= ROWS_AT_ONCE) {
    const posts = await feed.next(Math.min(left, ROWS_AT_ONCE))
    const rows = (posts?.get('pin') ?? []).map((pin) =>
      Object.values(JSON.parse(Buffer.from(pin).toString()) as object),
    )
    await connection.query('INSERT INTO pinterest_data VALUES ?', [rows])
  }
  await connection.end()
}
