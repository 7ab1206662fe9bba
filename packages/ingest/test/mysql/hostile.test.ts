import { systemRuntime } from '@millrace/base'
import { floodingMysql, MYSQL_FLOODS } from '@millrace/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../src/mysql/database.ts'

async function databaseOf(first: Buffer, again: Buffer) {
  const address = {
    host: '127.0.0.1',
    port: await floodingMysql(first, again),
    user: 'root',
    password: undefined,
    database: 'd',
    tls: undefined,
    tables: {},
  }
  const database = openDatabase(address as unknown as Parameters<typeof openDatabase>[0], systemRuntime)
  onTestFinished(() => database.close().catch(() => {}))
  return database
}

describe('a MySQL server that sends without end', () => {
  it.each(MYSQL_FLOODS)('%s to a statement is left with a coded error', async (_, first, again) => {
    const database = await databaseOf(first, again)
    await expect(database.read('SELECT 1')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  })

  // Rows are what a stream is for.
  it.each(MYSQL_FLOODS.slice(1))('%s to a stream of rows is left with a coded error', async (_, first, again) => {
    const database = await databaseOf(first, again)
    const all = async () => {
      for await (const _ of database.stream('SELECT 1'));
    }
    await expect(all()).rejects.toMatchObject({ code: expect.stringMatching(/^SOURCE_/) })
  })
})
