import { readFile } from 'node:fs/promises'
import {
  freshName,
  type MariadbAddress,
  mariadbWith,
  openOwn,
  type PostgresAddress,
  postgres as postgresServer,
  startDebezium,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { createConnection } from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { type ComparedColumn, selectedInDatabase } from './compared-columns.ts'
import { type ComparedTable, expectEqual, fill, fillFromKafka, openPlaceOf } from './debezium-place.ts'
import * as mariadb from './mariadb-columns.ts'
import { openDatabase } from './postgres-changes.ts'
import * as postgres from './postgres-columns.ts'
import { numbers } from './random-changes.ts'
import { changeRows, definitionOf, MARIADB, POSTGRES } from './random-rows.ts'

const it = withServices('kafka', 'debezium', 'mariadb', 'postgres')

/** Statements that change rows. MILLRACE_CHANGES=20000 is the long form. */
const STATEMENTS = Number(process.env.MILLRACE_CHANGES ?? 600)

/** Debezium's connector for MySQL refuses MariaDB by its own name; one for MariaDB is not to be had. */
const CALLED_MYSQL = mariadbWith({ options: ['--version=5.7.19-MariaDB-log'] })

type Columns = readonly ComparedColumn[]

function tablesOf(wide: Columns, pair: Columns, types: Readonly<Record<string, string>>): readonly ComparedTable[] {
  return [
    { name: 'wide', columns: wide, keys: 1, last: 'id = -1', dataset: { format: { name: 'debezium', types } } },
    { name: 'pair', columns: pair, keys: 2, last: "a = 'last'" },
  ]
}

async function ownMariadb() {
  const folder = await temporaryFolder(onTestFinished)
  const { address } = await openOwn<MariadbAddress>('mariadb', CALLED_MYSQL, folder, onTestFinished)
  const { host, port, user, password, ca } = address
  const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
  onTestFinished(() => connection.end())
  const database = freshName('millrace').replaceAll('-', '_')
  await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  await connection.query(`USE ${database}`)
  await connection.query("SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'")
  return {
    ...{ folder, database, password },
    sql: async (text: string) => (await connection.query(text))[0] as Record<string, unknown>[],
    source: `mysql-cdc://${user}@${host}:${port}/${database}?tables=wide,pair&ca=${ca}`,
    connector: {
      'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
      ...{ 'database.hostname': host, 'database.port': String(port), 'database.ssl.mode': 'required' },
      ...{ 'database.user': user, 'database.password': password, 'database.include.list': database },
      ...{ 'database.server.id': '54321', 'enable.time.adjuster': 'false' },
      'bigint.unsigned.handling.mode': 'precise',
    },
  }
}

async function ownPostgres() {
  const folder = await temporaryFolder(onTestFinished)
  const { address } = await openOwn<PostgresAddress>('postgres', postgresServer, folder, onTestFinished)
  const { host, port, user, password, ca, database } = address
  const db = await openDatabase(address, database)
  return {
    ...{ folder, password },
    sql: db.sql,
    source: `postgres-cdc://${user}@${host}:${port}/${database}?tables=wide,pair&ca=${ca}`,
    connector: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      ...{ 'database.hostname': host, 'database.port': String(port), 'database.sslmode': 'require' },
      ...{ 'database.user': user, 'database.password': password, 'database.dbname': database },
      ...{ 'plugin.name': 'pgoutput', 'table.include.list': 'public.wide,public.pair' },
      'interval.handling.mode': 'string',
    },
  }
}

it('MariaDB by Debezium and Kafka, and by its log, makes the same tables as the database has', async ({
  kafka,
  debezium,
}) => {
  const { sql, database, folder, password, source, connector } = await ownMariadb()
  const tables = tablesOf(mariadb.WIDE, mariadb.PAIR, { g: 'Geometry', p: 'Geometry' })
  const next = numbers(7)
  for (const table of tables) await sql(`CREATE TABLE ${table.name} (${definitionOf(table)})`)
  await changeRows(sql, tables, MARIADB, STATEMENTS / 3, next)
  const place = await openPlaceOf(tables, { MYSQL_PWD: password })
  const { connect } = await startDebezium(debezium, kafka, folder, onTestFinished)
  const shop = freshName('shop')
  await connect('shop', { ...connector, 'topic.prefix': shop, 'skipped.operations': 'none' })
  await fill(place, 'direct', '--source', source)
  await changeRows(sql, tables, MARIADB, STATEMENTS / 3, next)
  await sql('TRUNCATE TABLE pair')
  await sql('ALTER TABLE wide ADD COLUMN unknown TEXT AFTER id')
  await changeRows(sql, tables, MARIADB, STATEMENTS / 3, next)
  await sql('REPLACE INTO wide (id) VALUES (-1)')
  await sql("REPLACE INTO pair (a, b) VALUES ('last', 1)")

  await fill(place, 'direct', '--source', source)
  await fillFromKafka(place, 'debezium', tables, kafka.bootstrap, `${shop}.${database}`)
  const cast = (name: string) => `CAST(${name} AS CHAR)`
  const ask = (columns: readonly ComparedColumn[], from: string) =>
    sql(`SELECT ${selectedInDatabase(columns, cast)} FROM ${from}`)
  await expectEqual(place, 'direct', tables, ask)
  await expectEqual(place, 'debezium', tables, ask)
})

it('PostgreSQL by Debezium and Kafka, and by its log, makes the same tables as the database has', async ({
  kafka,
  debezium,
}) => {
  const { sql, folder, password, source, connector } = await ownPostgres()
  const tables = tablesOf(postgres.WIDE, postgres.PAIR, { p: 'Point' })
  const next = numbers(7)
  await sql(`CREATE TYPE mood AS ENUM ('sad', 'it''s ok')`)
  for (const table of tables) await sql(`CREATE TABLE ${table.name} (${definitionOf(table)})`)
  await sql('ALTER TABLE wide REPLICA IDENTITY FULL')
  await changeRows(sql, tables, POSTGRES, STATEMENTS / 3, next)
  const place = await openPlaceOf(tables, { PGPASSWORD: password })
  const { connect } = await startDebezium(debezium, kafka, folder, onTestFinished)
  const shop = freshName('shop')
  await connect('shop', { ...connector, 'topic.prefix': shop, 'skipped.operations': 'none' })
  await fill(place, 'direct', '--source', source)
  await changeRows(sql, tables, POSTGRES, STATEMENTS / 3, next)
  await sql('TRUNCATE TABLE pair')
  await sql('ALTER TABLE wide ADD COLUMN unknown TEXT')
  await changeRows(sql, tables, POSTGRES, STATEMENTS / 3, next)
  await sql('INSERT INTO wide (id) VALUES (-1)')
  await sql("INSERT INTO pair (a, b) VALUES ('last', 1)")

  await fill(place, 'direct', '--source', source)
  await fillFromKafka(place, 'debezium', tables, kafka.bootstrap, `${shop}.public`)
  const ask = (columns: readonly ComparedColumn[], from: string) =>
    sql(`SELECT ${selectedInDatabase(columns, (name) => `${name}::text`)} FROM ${from}`)
  await expectEqual(place, 'direct', tables, ask)
  await expectEqual(place, 'debezium', tables, ask)
})
