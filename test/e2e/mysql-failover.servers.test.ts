import {
  caughtUp,
  type NumberedMariadb,
  openNumberedMariadb,
  promote,
  replicate,
  withServices,
} from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'
import { putNumbers } from './truth.ts'

const it = withServices('mariadb')

const sourceOf = ({ address: { host, port, user, database, ca } }: NumberedMariadb) =>
  `mysql-cdc://${user}@${host}:${port}/${database}?tables=items&ca=${ca}`

it('a replica of MariaDB takes the place of its primary: the worker goes on there behind the same transaction, or is refused where that was lost', async () => {
  const own = (id: number) => openNumberedMariadb(id, onTestFinished)
  const [primary, replica, late] = await Promise.all([own(7), own(8), own(9)])
  await primary.connection.query('CREATE TABLE items (id BIGINT PRIMARY KEY, n BIGINT)')
  for (const each of [replica, late]) await replicate(primary, each)
  const rows = (from: number) => Array.from({ length: 1_000 }, (_, i) => `(${from + i}, ${i})`).join(',')
  await primary.connection.query(`INSERT INTO items VALUES ${rows(0)}; FLUSH BINARY LOGS`)
  const place = await openWorkplace({
    ...{ MYSQL_PWD: primary.address.password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items' },
  })
  onTestFinished(() => place.leave())
  await putNumbers(place)
  const stream = (of: NumberedMariadb) => ['stream', '--source', sourceOf(of), '--no-dashboard', '--every', '100ms']
  const worker = place.start(...stream(primary))
  await printed(worker, /commit/)
  await caughtUp(primary, late)
  await promote(late)
  await primary.connection.query(`UPDATE items SET n = n + 1; INSERT INTO items VALUES ${rows(5_000)}`)
  await expect
    .poll(() => place.sql('SELECT count(*)::INTEGER AS n FROM items'), { timeout: 60_000, interval: 200 })
    .toEqual([{ n: 2_000 }])
  await caughtUp(primary, replica)
  await primary.connection.query('DELETE FROM items WHERE id % 3 = 0')
  await caughtUp(primary, replica)
  worker.kill('SIGKILL')
  await primary.kill()
  await promote(replica)
  await replica.connection.query(`UPDATE items SET n = -n WHERE id % 2 = 0; INSERT INTO items VALUES ${rows(9_000)}`)

  const refused = await place.run(...stream(late), '--until-caught-up')
  expect(refused.exitCode, refused.stderr).toBe(1)
  expect(refused.stderr).toMatch(/OFFSET_OUT_OF_RANGE.*does not have transaction 0-7-\d+/s)
  for (const change of ['DELETE FROM items WHERE id % 5 = 0', 'UPDATE items SET id = -id WHERE id < 100']) {
    await replica.connection.query(change)
    const goneOn = await place.run(...stream(replica), '--until-caught-up')
    expect(goneOn, goneOn.stderr).toMatchObject({ exitCode: 0 })
    const [there] = await replica.connection.query('SELECT id, n FROM items ORDER BY id')
    expect(await place.sql('SELECT id, n FROM items ORDER BY id')).toEqual(there)
  }
  // What was read of the other server, and rows that are others by now, can't be counted again.
  await replica.connection.query('ALTER TABLE items MODIFY n INT; DELETE FROM items WHERE id > 9000')
  expect(await place.run(...stream(replica), '--until-caught-up')).toMatchObject({ exitCode: 0 })
  await replica.connection.query('DELETE FROM items WHERE id > 5000')
  expect(await place.run(...stream(replica), '--until-caught-up')).toMatchObject({ exitCode: 0 })
  const verified = await place.run('verify', '--source', sourceOf(replica))
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 })
})
