import { freshName, type PostgresAddress } from '@millrace/testkit'
import pg from 'pg'
import { onTestFinished } from 'vitest'

/** A schema of the test's own, as an address and as who looks into it. */
export async function openSchema({ user, host, port, database, password, ca }: PostgresAddress) {
  const schema = freshName('rows')
  const client = new pg.Client({ host, port, user, password, database, ssl: { rejectUnauthorized: false } })
  await client.connect()
  onTestFinished(async () => {
    await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
    await client.end()
  })
  return {
    name: schema,
    address: `postgres://${user}@${host}:${port}/${database}?schema=${schema}&ca=${ca}`,
    async change(sql: string): Promise<void> {
      await client.query(`SET search_path TO "${schema}"; ${sql}`)
    },
    async rows(select: string, from: string): Promise<Record<string, unknown>[]> {
      return (await client.query(`SELECT ${select} FROM "${schema}"."${from}" ORDER BY 1`)).rows
    },
  }
}
