import { readFile } from 'node:fs/promises'
import { mariadbWith, openOwn, temporaryFolder, withServices } from '@millrace/testkit'
import { createConnection } from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'
import { putNumbers } from './truth.ts'

const it = withServices('mariadb')

it('a worker waits while the database is away, and loses nothing of what came before, between and after', async () => {
  const folder = await temporaryFolder(onTestFinished)
  const server = await openOwn('mariadb', mariadbWith({}), folder, onTestFinished)
  const { host, port, user, password, ca, database } = server.address
  const run = async (...statements: string[]) => {
    const tls = { ca: await readFile(ca) }
    const connection = await createConnection({ host, port, user, password, database, ssl: tls })
    for (const statement of statements) await connection.query(statement)
    await connection.end()
  }
  const rows = (from: number) => Array.from({ length: 500 }, (_, i) => `(${from + i}, ${i})`).join(',')
  await run('CREATE TABLE items (id BIGINT PRIMARY KEY, n BIGINT)', `INSERT INTO items VALUES ${rows(0)}`)
  const place = await openWorkplace({
    ...{ MYSQL_PWD: password, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'items' },
  })
  onTestFinished(() => place.leave())
  await putNumbers(place)
  const source = `mysql-cdc://${user}@${host}:${port}/${database}?tables=items&ca=${ca}`
  const stream = ['stream', '--source', source, '--no-dashboard', '--every', '100ms']
  const worker = place.start(...stream)
  await printed(worker, /commit/)

  for (let round = 1; round <= 2; round++) {
    await run(`INSERT INTO items VALUES ${rows(round * 1000)}`, 'UPDATE items SET n = n + 1 WHERE id % 3 = 0')
    const away = printed(worker, /SOURCE_UNREACHABLE|unreachable|ECONNREFUSED|closed the connection/i)
    await server.kill()
    await away
    await server.start()
    await run('DELETE FROM items WHERE id % 7 = 0', `INSERT INTO items VALUES ${rows(round * 1000 + 500)}`)
    const wanted = round * 1000 + 999
    await expect
      .poll(() => place.sql(`SELECT count(*) AS n FROM items WHERE id = ${wanted}`), { timeout: 60_000, interval: 300 })
      .toEqual([{ n: 1 }])
  }
  expect(worker.exitCode).toBeNull()
  worker.kill('SIGTERM')
  expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })
  const tls = { ca: await readFile(ca) }
  const connection = await createConnection({ host, port, user, password, database, ssl: tls })
  onTestFinished(() => connection.end())
  const [inDatabase] = await connection.query('SELECT id, n FROM items ORDER BY id')
  expect(await place.sql('SELECT id, n FROM items ORDER BY id')).toEqual(inDatabase)
})
