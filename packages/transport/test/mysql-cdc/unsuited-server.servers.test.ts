import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { mariadbWith, openOwn, temporaryFolder, withServices } from '@millrace/testkit'
import { openSource, type Source } from '@millrace/transport'
import { expect, onTestFinished } from 'vitest'
import { newDatabase, readingOf, type TestDatabase } from './database.ts'

const it = withServices('mariadb')

const ADMINISTERS = ["GRANT ALL ON *.* TO 'millrace'@'%' WITH GRANT OPTION;"]

async function ownDatabase(variant: Parameters<typeof mariadbWith>[0]): Promise<TestDatabase> {
  const folder = await temporaryFolder(onTestFinished)
  const { address } = await openOwn('mariadb', mariadbWith(variant), folder, onTestFinished)
  return newDatabase(address)
}

async function opened(address: string): Promise<Source> {
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  return source
}

it('refuses a server without a log, with what to do', async () => {
  const { address, name, connection } = await ownDatabase({ options: ['--skip-log-bin'], sql: ADMINISTERS })
  await connection.query('CREATE TABLE good (id INT PRIMARY KEY)')
  await expect((await opened(address)).partitions(`${name}.good`)).rejects.toMatchObject({
    ...{ code: 'SOURCE_UNSUPPORTED', message: /log_bin is OFF/, next: /log_bin .*automated backups/ },
  })
})

it('refuses settings of the log that hide changes, rights that lack, statements in the log, and a purged log', async () => {
  const database = await ownDatabase({ sql: ADMINISTERS })
  const { address, name, connection } = database
  await connection.query('CREATE TABLE good (id INT PRIMARY KEY, n INT); INSERT INTO good VALUES (1, 0)')
  const settings = [
    ['binlog_format', 'STATEMENT', 'ROW'],
    ['binlog_format', 'MIXED', 'ROW'],
    ['binlog_row_image', 'MINIMAL', 'FULL'],
    ['binlog_row_metadata', 'NO_LOG', 'FULL'],
    ['log_bin_compress', 'ON', 'OFF'],
  ] as const
  for (const [setting, bad, good] of settings) {
    await connection.query(`SET GLOBAL ${setting} = ${bad}`)
    await expect((await opened(address)).partitions(`${name}.good`), `${setting} ${bad}`).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      message: expect.stringContaining(`${setting} is ${bad}`),
      next: expect.stringContaining(`SET GLOBAL ${setting} = ${good}`),
    })
    await connection.query(`SET GLOBAL ${setting} = ${good}`)
  }

  const { start, source, partition } = await readingOf(database, 'good')
  const options = { maxBytes: 1 << 20, waitMs: 10_000 }
  const file = join(await temporaryFolder(onTestFinished), 'rows')
  await connection.query(`SELECT id, n FROM good INTO OUTFILE '${file}'; CREATE DATABASE elsewhere`)
  await connection.query('SET SESSION binlog_format = STATEMENT')
  for (const statement of [
    'UPDATE good SET n = 1',
    'SET STATEMENT max_statement_time = 10 FOR UPDATE good SET n = 2',
    `USE elsewhere; REPLACE INTO \`${name}\` . good VALUES (1, 5)`,
    `LOAD DATA INFILE '${file}' REPLACE INTO TABLE good`,
  ]) {
    const beforeStatement = await start('latest')
    await connection.query(statement)
    await connection.query(`USE ${name}`)
    await expect(source.read(partition, beforeStatement, options), statement).rejects.toMatchObject({
      ...{ code: 'SOURCE_UNSUPPORTED', message: /statements in place of rows/, next: /binlog_format/ },
    })
  }
  const beforeOthers = await start('latest')
  await connection.query(`USE elsewhere; CREATE TABLE good (id INT); INSERT INTO good SELECT id FROM ${name}.good`)
  await connection.query(`USE ${name}; SET SESSION binlog_format = ROW; INSERT INTO good VALUES (9, 9)`)
  expect(await source.read(partition, beforeOthers, options)).toMatchObject({ count: 1 })

  const beforePurge = await start('latest')
  await connection.query('INSERT INTO good VALUES (2, 0); FLUSH BINARY LOGS')
  // A file stays as long as somebody reads it; the reader above is gone, which the server hears when it writes to it.
  const files = async () => {
    await connection.query('INSERT INTO good SELECT max(id) + 1, 0 FROM good')
    const [logs] = await connection.query('SHOW BINARY LOGS')
    const names = (logs as { readonly Log_name: string }[]).map(({ Log_name }) => Log_name)
    await connection.query(`PURGE BINARY LOGS TO '${names.at(-1)}'`)
    return names.length
  }
  await expect.poll(files, { timeout: 60_000, interval: 50 }).toBe(1)
  await expect((await opened(address)).read(partition, beforePurge, options)).rejects.toMatchObject({
    ...{
      code: 'OFFSET_OUT_OF_RANGE',
      message: /is gone from the server/,
      next: /binlog_expire_logs_seconds.*new group/,
    },
  })

  const login = "IDENTIFIED BY 'millrace-test-secret' REQUIRE SSL"
  await connection.query(`CREATE USER reader ${login}; GRANT SELECT ON ${name}.* TO reader`)
  const reader = await opened(address.replace('//millrace@', '//reader@'))
  await expect(reader.resolve(partition, 'latest')).rejects.toMatchObject({
    ...{ code: 'SOURCE_DENIED', next: /REPLICATION SLAVE and BINLOG MONITOR/ },
  })
  await connection.query('GRANT BINLOG MONITOR ON *.* TO reader')
  const watcher = await opened(address.replace('//millrace@', '//reader@'))
  const latest = await watcher.resolve(partition, 'latest')
  await expect(watcher.read(partition, latest, options)).rejects.toMatchObject({
    ...{ code: 'SOURCE_DENIED', next: /REPLICATION SLAVE and BINLOG MONITOR/ },
  })
  await connection.query('GRANT REPLICATION SLAVE ON *.* TO reader; REVOKE SELECT ON *.* FROM reader')
  await connection.query(`REVOKE SELECT ON ${name}.* FROM reader`)
  await expect(
    (await opened(address.replace('//millrace@', '//reader@'))).partitions(`${name}.good`),
  ).rejects.toMatchObject({ code: 'TOPIC_MISSING', message: /that this user may read/ })
  // A table that is only hidden is not taken for one that is gone.
  for (const place of [latest, [2n, ...latest.slice(1)]]) {
    const hidden = await opened(address.replace('//millrace@', '//reader@'))
    await expect(hidden.read(partition, place, options)).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
  }
})
