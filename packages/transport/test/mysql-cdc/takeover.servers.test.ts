import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'
import {
  caughtUp,
  type NumberedMariadb,
  openNumberedMariadb,
  promote,
  replicate,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import type { Position } from '@millrace/transport'
import { describe, expect, onTestFinished } from 'vitest'
import { parseMysqlCdcAddress } from '../../src/mysql-cdc/address.ts'
import { openServer } from '../../src/mysql-cdc/server/server.ts'
import { changesIn } from '../logged-changes.ts'
import type { Reading } from '../table-reading.ts'
import { readingFrom, readingOf, type TestDatabase } from './database.ts'
import { type VirtualAddress, virtualAddress } from './virtual-address.ts'

const it = withServices('mariadb')

const own = (id: number) => openNumberedMariadb(id, onTestFinished)

const databaseOf = ({ connection, address }: NumberedMariadb): TestDatabase => {
  const { host, port, user, database, ca } = address
  process.env.MYSQL_PWD = address.password
  return { connection, name: database, address: `mysql-cdc://${user}@${host}:${port}/${database}?ca=${ca}` }
}

/** An address in front of the first of two servers. */
async function addressOf(first: NumberedMariadb, second: NumberedMariadb) {
  const ca = join(await temporaryFolder(onTestFinished), 'both.pem')
  const certificates = await Promise.all([first, second].map(({ address }) => readFile(address.ca, 'utf8')))
  await writeFile(ca, certificates.join('\n'))
  const proxy = await virtualAddress(first.address.port)
  const { user, database } = first.address
  return {
    proxy,
    database: { ...databaseOf(first), address: `mysql-cdc://${user}@127.0.0.1:${proxy.port}/${database}?ca=${ca}` },
  }
}

/** Asks as a worker does: again, where that may help; until there is an answer. */
async function answer<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 50; tries++) {
    const answered = await ask().catch((error: unknown) => {
      if (error instanceof MillraceError && error.code === 'SOURCE_UNREACHABLE') return undefined
      throw error
    })
    if (answered !== undefined) return answered
  }
  throw new Error('there was no answer')
}

/** Reads from a position on until a change comes. */
async function nextChanges({ source, partition }: Reading, from: Position) {
  let to = from
  return answer(async () => {
    const block = await source.read(partition, to, { maxBytes: 1, waitMs: 200, keys: true })
    to = block?.to ?? to
    return block && block.count > 0 ? { ids: changesIn(block).map(({ after }) => after?.id), to } : undefined
  })
}

async function newPair(further: 'primary' | 'replica' = 'replica') {
  const [primary, replica] = await Promise.all([own(7), own(8)])
  await primary.connection.query('CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY)')
  await replicate(primary, replica)
  await { primary, replica }[further].connection.query('FLUSH BINARY LOGS; FLUSH BINARY LOGS')
  const { proxy, database } = await addressOf(primary, replica)
  const a = await readingOf(database, 'a')
  const from = await a.start('latest')
  await primary.connection.query('INSERT INTO a VALUES (1)')
  const { to } = await nextChanges(a, from)
  await caughtUp(primary, replica)
  await promote(replica)
  const move = (ends: Parameters<VirtualAddress['moveTo']>[1]) => proxy.moveTo(replica.address.port, ends)
  return { primary, replica, database, a, at: to, move }
}

describe('a replica of MariaDB that takes the place of its primary', () => {
  it.for(['replica', 'primary'] as const)(
    'is where all tables go on while the connection that follows the log leads to the other one still, whose files are fewer or more: more of the %s',
    async (further) => {
      const { replica, database, a, at, move } = await newPair(further)
      move('oldest')
      const b = await answer(() => readingFrom(a.source, database, 'b'))
      const fromB = await b.start('latest')
      await replica.connection.query('INSERT INTO b VALUES (2); INSERT INTO a VALUES (3)')
      expect(await nextChanges(b, fromB)).toMatchObject({ ids: [2] })
      expect(await nextChanges(a, at)).toMatchObject({ ids: [3] })
    },
  )

  it('is not asked for rows of a place that is one of the other', async () => {
    const { database } = await newPair()
    const rows = `SELECT id FROM ${database.name}.a`
    const server = openServer(parseMysqlCdcAddress(database.address, process.env))
    onTestFinished(() => server.close())
    expect(await server.firstRows(rows, 1, 7n)).toMatchObject({ rows: [[Buffer.from('1')]] })
    await expect(server.firstRows(rows, 1, 8n)).rejects.toMatchObject({
      ...{ code: 'SOURCE_UNREACHABLE', message: /server 7 now, and was server 8/ },
    })
  })

  it('is found where only the connection that follows the log has ended', async () => {
    const { replica, a, at, move } = await newPair()
    move('newest')
    await replica.connection.query('INSERT INTO a VALUES (2)')
    expect(await nextChanges(a, at)).toMatchObject({ ids: [2] })
  })

  it('has an end that was asked of the other one', async () => {
    const { primary, replica, a, at, move } = await newPair()
    const end = await a.source.end(a.partition)
    expect(end.passedBy(at)).toBe(true)
    await primary.connection.query('INSERT INTO b VALUES (4)')
    const further = await a.source.end(a.partition)
    move('all')
    await replica.connection.query('INSERT INTO b VALUES (5); INSERT INTO a VALUES (6)')
    const { ids, to } = await nextChanges(a, at)
    expect(ids).toEqual([6])
    expect([end, further].map(({ passedBy }) => passedBy(to))).toEqual([true, true])
  })

  it('goes on in the middle of a transaction, and is refused where it lacks that one or has another in its place', async () => {
    const [primary, replica, late] = await Promise.all([own(7), own(8), own(9)])
    await primary.connection.query('CREATE TABLE a (id INT PRIMARY KEY)')
    for (const each of [replica, late]) await replicate(primary, each)
    const a = await readingOf(databaseOf(primary), 'a')
    const from = await a.start('latest')
    await caughtUp(primary, late)
    await promote(late)
    await primary.connection.query('BEGIN; INSERT INTO a VALUES (1), (2); INSERT INTO a VALUES (3); COMMIT')
    const { to } = await nextChanges(a, from)
    await caughtUp(primary, replica)
    const { changes } = await (await readingOf(databaseOf(replica), 'a')).through(to)
    expect(changes.map(({ after }) => after?.id)).toEqual([2, 3])

    const onLate = await readingOf(databaseOf(late), 'a')
    const read = () => onLate.source.read(onLate.partition, to, { maxBytes: 1, waitMs: 1 })
    await expect(read()).rejects.toMatchObject({
      ...{ code: 'OFFSET_OUT_OF_RANGE', message: /ends with transaction 0-7-\d+; 1 changes of the one that server 7/ },
      next: /replica that has that transaction, or .* a new group/,
    })
    await late.connection.query('INSERT INTO a VALUES (10), (11)')
    await expect(read()).rejects.toMatchObject({
      ...{ code: 'OFFSET_OUT_OF_RANGE', message: /has a transaction of server 9 behind 0-7-\d+; 1 changes/ },
    })
  })

  it('goes on in the middle of a transaction that makes the table too', async () => {
    const [primary, replica] = await Promise.all([own(7), own(8)])
    await primary.connection.query('CREATE TABLE a (id INT PRIMARY KEY)')
    await replicate(primary, replica)
    const a = await readingOf(databaseOf(primary), 'a')
    const from = await a.start('latest')
    await primary.connection.query('CREATE OR REPLACE TABLE a (PRIMARY KEY (id)) SELECT 1 AS id UNION VALUES (2), (3)')
    const { ids, to } = await nextChanges(a, (await nextChanges(a, from)).to)
    expect(ids).toEqual([1])
    await caughtUp(primary, replica)
    const { changes } = await (await readingOf(databaseOf(replica), 'a')).through(to)
    expect(changes.map(({ after }) => after?.id)).toEqual([2, 3])
  })

  it('is refused where it lacks the last transaction and has a later one of the same server', async () => {
    const [primary, late] = await Promise.all([own(7), own(9)])
    await primary.connection.query('CREATE TABLE a (id INT PRIMARY KEY)')
    await replicate(primary, late)
    await caughtUp(primary, late)
    await promote(late)
    const a = await readingOf(databaseOf(primary), 'a')
    const from = await a.start('latest')
    await primary.connection.query('INSERT INTO a VALUES (1)')
    const { to } = await a.through(from)
    await late.connection.query('INSERT INTO a VALUES (2); SET SESSION server_id = 7; INSERT INTO a VALUES (3)')
    const onLate = await readingOf(databaseOf(late), 'a')
    await expect(onLate.through(to)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })
})
