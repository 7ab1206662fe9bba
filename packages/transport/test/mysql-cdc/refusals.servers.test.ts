import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openSource } from '@millrace/transport'
import { expect, onTestFinished } from 'vitest'
import { newDatabase, readingOf } from './database.ts'

const it = withServices('mariadb')

it('refuses what cannot be followed, by name and with what to do', async ({ mariadb }) => {
  const database = await newDatabase(mariadb)
  const { connection, address, name } = database
  await connection.query('CREATE TABLE good (id INT PRIMARY KEY); CREATE TABLE keyless (id INT)')
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  await expect(source.partitions(`${name}.keyless`)).rejects.toMatchObject({
    ...{ code: 'SOURCE_UNSUPPORTED', message: /keyless has no primary key/, next: /Give it one/ },
  })
  await expect(source.partitions(`${name}.none`)).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  await expect(source.partitions('elsewhere.good')).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  const [good] = await source.partitions(`${name}.good`)
  if (!good) throw new Error('no partition')
  await expect(source.resolve(good, { time: 0 })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
})

it('refuses a place that the log does not go back to, and one behind its end', async ({ mariadb }) => {
  const database = await newDatabase(mariadb)
  await database.connection.query('CREATE TABLE good (id INT PRIMARY KEY)')
  const { source, partition, start } = await readingOf(database, 'good')
  const [phase = 1n, file = 0n, pos = 0n] = await start('latest')
  const options = { maxBytes: 1, waitMs: 1 }
  for (const place of [
    [phase, 999_999n, pos, 0n],
    [phase, file, pos + 1_000_000_000n, 0n],
    [7n, file, pos, 0n],
  ]) {
    const read = source.read(partition, place, options)
    await expect(read).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  }
})

it('refuses changes that can be rolled back after they are in the log, and takes those of an XA transaction that cannot', async ({
  mariadb,
}) => {
  const database = await newDatabase(mariadb)
  const { connection } = database
  await connection.query('CREATE TABLE good (id INT PRIMARY KEY)')
  const { start, through } = await readingOf(database, 'good')
  const from = await start('latest')
  await connection.query("XA START 'a'; INSERT INTO good VALUES (1); XA END 'a'; XA COMMIT 'a' ONE PHASE")
  const { changes, to } = await through(from)
  expect(changes.map(({ key }) => key)).toEqual([{ id: 1 }])
  await connection.query("XA START 'b'; INSERT INTO good VALUES (2); XA END 'b'; XA PREPARE 'b'; XA ROLLBACK 'b'")
  await expect(through(to)).rejects.toMatchObject({
    ...{ code: 'SOURCE_UNSUPPORTED', message: /good by an XA transaction/, next: /without XA PREPARE/ },
  })
})

it('refuses a wrong password, and an address with one', async ({ mariadb }) => {
  const { address, name } = await newDatabase(mariadb)
  const open = (changed: string) => openSource(changed, systemRuntime)
  const stranger = await open(address.replace('//', '//nobody-').replace('//nobody-millrace@', '//nobody@'))
  onTestFinished(() => stranger.close())
  await expect(stranger.partitions(`${name}.good`)).rejects.toMatchObject({
    code: 'SOURCE_DENIED',
    next: /GRANT SELECT/,
  })
  await expect(open(address.replace('millrace@', 'millrace:secret@'))).rejects.toMatchObject({ code: 'SECRET_IN_URL' })
  await expect(open(`${address}&table=a`)).rejects.toMatchObject({ code: 'SOURCE_ADDRESS' })
})
