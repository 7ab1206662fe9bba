import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Connection } from 'mysql2/promise'
import type { Workplace } from './millrace.ts'

/** The emulator's tables, with the generator's posts. */
export async function fillTables(connection: Connection, place: Workplace, posts: number): Promise<void> {
  await connection.query(`CREATE TABLE pinterest_data (\`index\` int PRIMARY KEY, unique_id text, title text,
    description text, poster_name text, follower_count text, tag_list text, is_image_or_video text, image_src text,
    downloaded int, save_location text, category text)`)
  await connection.query(
    'CREATE TABLE geolocation_data (ind int, timestamp datetime, latitude double, longitude double, country text)',
  )
  await connection.query(
    'CREATE TABLE user_data (ind int PRIMARY KEY, first_name text, last_name text, age int, date_joined datetime)',
  )
  const tables = { pin: 'pinterest_data', geo: 'geolocation_data', user: 'user_data' }
  for (const [dataset, table] of Object.entries(tables)) {
    const made = ['--count', String(posts), '--mode', 'all', '--seed', '2', '--datasets', dataset]
    const { stdout } = await place.run('ingest', ...made, '--to', 'console')
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => Object.values(JSON.parse(line) as object))
    for (let start = 0; start < rows.length; start += 2_000) {
      await connection.query(`INSERT INTO ${table} VALUES ?`, [rows.slice(start, start + 2_000)])
    }
  }
}

export async function startGateway(place: Workplace, to: string) {
  const child = place.start('gateway', '--listen', '127.0.0.1:0', '--to', to, '--json', '--access-log', 'access.log')
  if (!child.stdout) throw new Error('the gateway has no output')
  const [line] = await once(createInterface(child.stdout), 'line')
  const { listening } = JSON.parse(String(line)) as { listening: string }
  return {
    url: listening,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
