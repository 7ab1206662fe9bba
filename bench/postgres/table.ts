import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import pg from 'pg'
import { to } from 'pg-copy-streams'
import type { Job } from '../src/contract.ts'

/** A connection to the server, with an empty schema of this contestant's own as the one that names are in. */
export async function connected({ services }: Job, schema: string): Promise<pg.Client> {
  const { host = '', port, user = '', password = '', database = '' } = services.postgres ?? {}
  const client = new pg.Client({
    host,
    port: Number(port),
    user,
    password,
    database,
    ssl: { rejectUnauthorized: false },
  })
  await client.connect()
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(`SET search_path TO ${schema}`)
  await client.query('CHECKPOINT').catch(() => {})
  return client
}

export const USERS = '"user" (ind integer, user_name text, age integer, date_joined timestamptz)'

/** Leaves the table's rows where they are compared; not a part of what is measured. */
export async function leaveRows(client: pg.Client, { output }: Job): Promise<void> {
  const file = join(output, 'rows.csv')
  const rows = 'SELECT ind, user_name, age, extract(epoch FROM date_joined)::bigint AS date_joined FROM "user"'
  await pipeline(client.query(to(`COPY (${rows}) TO STDOUT (FORMAT csv)`)), createWriteStream(file))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const columns = "{ind: 'INTEGER', user_name: 'VARCHAR', age: 'INTEGER', date_joined: 'BIGINT'}"
  await connection.run(
    `COPY (SELECT * FROM read_csv('${file}', header = false, columns = ${columns})) TO '${join(output, 'user.parquet')}'
     (FORMAT parquet, PER_THREAD_OUTPUT true)`,
  )
  connection.closeSync()
  await client.end()
}
