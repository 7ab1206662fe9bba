// no Kafka, no cleaning: bare COPY of the clean rows from a file (upsert: into a temporary table, then ON CONFLICT)
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import { job, ready, report } from '../../src/contestant.ts'
import { connected, leaveRows, USERS } from '../table.ts'

const orders = job()
const client = await connected(orders, 'bare_copy')
const upserts = orders.variant === 'upsert'
await client.query(`CREATE TABLE ${USERS}`)
if (upserts) await client.query('ALTER TABLE "user" ADD PRIMARY KEY (ind)')
await ready()
await client.query('BEGIN')
if (upserts) await client.query('CREATE TEMP TABLE changes ON COMMIT DROP AS SELECT * FROM "user" WHERE false')
const csv = client.query(from(`COPY ${upserts ? 'changes' : '"user"'} FROM STDIN (FORMAT csv)`))
await pipeline(createReadStream(join(orders.input, 'users.csv')), csv)
if (upserts) {
  await client.query(`INSERT INTO "user" SELECT DISTINCT ON (ind) * FROM changes ORDER BY ind
    ON CONFLICT (ind) DO UPDATE SET user_name = excluded.user_name, age = excluded.age, date_joined = excluded.date_joined`)
}
await client.query('COMMIT')
report({ engine: 'PostgreSQL 15' })
await leaveRows(client, orders)
