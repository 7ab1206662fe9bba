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
import { type ComparedTable, expectEqual, expectSame, fill, fillFromKafka, openPlaceOf } from './debezium-place.ts'
import { OF_MARIADB, OF_POSTGRES, type Variant } from './debezium-variants.ts'
import * as mariadb from './mariadb-columns.ts'
import { openDatabase } from './postgres-changes.ts'
import * as postgres from './postgres-columns.ts'
import { numbers } from './random-changes.ts'
import { changeRows, definitionOf, MARIADB, POSTGRES } from './random-rows.ts'

const it = withServices('kafka', 'debezium', 'mariadb', 'postgres')

/** Statements that change rows. MILLRACE_CHANGES=20000 is the long form. */
const STATEMENTS = Number(process.env.MILLRACE_CHANGES ?? 600)

/** Other options of Debezium's are compared too: the first ones, with MILLRACE_VARIANTS=1 all. */
const VARIANTS = process.env.MILLRACE_VARIANTS === '1' ? undefined : 1

/** Debezium's connector for MySQL refuses MariaDB by its own name; one for MariaDB is not to be had. */
const CALLED_MYSQL = mariadbWith({ options: ['--version=5.7.19-MariaDB-log'] })

type Columns = readonly ComparedColumn[]

/** Two tables of which each change is kept: as versions, and as rows. What says which comes first is of the database. */
function keptOf(columns: Columns, sequence: Readonly<Record<string, 'text' | 'long'>>): readonly ComparedTable[] {
  const small = { columns, keys: 1, last: 'id = -1' }
  const inOrder = Object.keys(sequence)
  return [
    { ...small, name: 'versions', ofEnvelope: sequence, dataset: { mode: 'history', sequenceBy: inOrder } },
    {
      ...small,
      name: 'appended',
      ofEnvelope: { ...sequence, op: 'text' },
      dataset: { mode: 'append', key: undefined },
    },
  ]
}

/** The versions of each key in their order, and whether each ends where the next one begins. */
const VERSIONS = `SELECT id, v, n, row_number() OVER versions AS version, __valid_to IS NULL AS current,
  __valid_to = lead(__valid_from) OVER versions AS meets
  FROM versions WINDOW versions AS (PARTITION BY id ORDER BY __valid_from) ORDER BY id, version`

/** Rows that were read first come in the order of their keys; Debezium names the place of none of them. */
const appendedIn = (order: string) => `SELECT op, id, v, n FROM appended ORDER BY ${order}, op DESC, id`

function tablesOf(
  wide: Columns,
  pair: Columns,
  types: Readonly<Record<string, string>>,
): readonly [ComparedTable, ComparedTable] {
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
    source: `mysql-cdc://${user}@${host}:${port}/${database}?tables=wide,pair,versions,appended&ca=${ca}`,
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
    source: `postgres-cdc://${user}@${host}:${port}/${database}?tables=wide,pair,versions,appended&ca=${ca}`,
    connector: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      ...{ 'database.hostname': host, 'database.port': String(port), 'database.sslmode': 'require' },
      ...{ 'database.user': user, 'database.password': password, 'database.dbname': database },
      ...{ 'plugin.name': 'pgoutput', 'schema.include.list': 'public' },
      'interval.handling.mode': 'string',
    },
  }
}

type Ask = Parameters<typeof expectEqual>[3]

/** Starts a connector for each; what is returned compares the table that each of them makes. */
async function startVariants(
  variants: readonly Variant[],
  wide: ComparedTable,
  bootstrap: string,
  connect: (variant: Variant, prefix: string, index: number) => Promise<void>,
): Promise<(space: string, ask: Ask) => Promise<void>> {
  const prefix = freshName('variant')
  const started = variants.slice(0, VARIANTS)
  for (const [i, variant] of started.entries()) await connect(variant, `${prefix}-${variant.name}`, i)
  return async (space, ask) => {
    for (const { name, types, without } of started) {
      const columns = wide.columns.filter((column) => !without.includes(column.name))
      const table = { ...wide, columns, dataset: { format: { name: 'debezium', types } } }
      const place = await openPlaceOf([table], {})
      await fillFromKafka(place, name, [table], bootstrap, `${prefix}-${name}.${space}`)
      await expectEqual(place, name, [table], ask)
    }
  }
}

/** A database that both ways read, and where it is not as the other one is. */
interface Compared {
  readonly sql: (text: string) => Promise<readonly Record<string, unknown>[]>
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly source: string
  readonly connector: Readonly<Record<string, string>>
  readonly tables: readonly [ComparedTable, ComparedTable]
  readonly kept: readonly ComparedTable[]
  readonly dialect: Parameters<typeof changeRows>[2]
  /** Statements before the tables are made, and behind that. */
  readonly types: readonly string[]
  readonly identities: readonly string[]
  readonly addsColumn: string
  readonly variants: readonly Variant[]
  /** What Debezium's options of each variant differ in, beside what is tried. */
  readonly own: (index: number) => Readonly<Record<string, string>>
  /** What topics have behind their prefix. */
  readonly space: string
  readonly cast: (name: string) => string
  /** Which appended row came first. */
  readonly order: string
}

interface Servers {
  readonly kafka: Parameters<typeof startDebezium>[1]
  readonly debezium: Parameters<typeof startDebezium>[0]
}

/** Changes rows before Debezium and we begin, meanwhile and afterwards; both ways make the tables that the database has. */
async function compareBothWays(database: Compared, { kafka, debezium }: Servers): Promise<void> {
  const { sql, folder, source, connector, tables, kept, space } = database
  const all = [...tables, ...kept]
  const next = numbers(7)
  const change = (statements: number) => changeRows(sql, all, database.dialect, statements, next)
  for (const statement of database.types) await sql(statement)
  for (const table of all) await sql(`CREATE TABLE ${table.name} (${definitionOf(table)})`)
  for (const statement of database.identities) await sql(statement)
  await change(STATEMENTS / 3)
  const place = await openPlaceOf(all, database.environment)
  const { connect } = await startDebezium(debezium, kafka, folder, onTestFinished)
  const shop = freshName('shop')
  await connect('shop', { ...connector, 'topic.prefix': shop, 'skipped.operations': 'none' })
  const compareVariants = await startVariants(database.variants, tables[0], kafka.bootstrap, (variant, prefix, i) =>
    connect(variant.name, { ...connector, 'topic.prefix': prefix, ...database.own(i), ...variant.options }),
  )
  await fill(place, 'direct', '--source', source)
  await change(STATEMENTS / 3)
  for (const table of ['pair', 'versions', 'appended']) await sql(`TRUNCATE TABLE ${table}`)
  await sql(database.addsColumn)
  await change(STATEMENTS / 3)
  await sql('INSERT INTO wide (id) VALUES (-1)')
  await sql("INSERT INTO pair (a, b) VALUES ('last', 1)")
  for (const { name } of kept) await sql(`INSERT INTO ${name} (id) VALUES (-1)`)

  await fill(place, 'direct', '--source', source)
  await fillFromKafka(place, 'debezium', all, kafka.bootstrap, `${shop}.${space}`)
  const ask: Ask = (columns, from) => sql(`SELECT ${selectedInDatabase(columns, database.cast)} FROM ${from}`)
  await expectEqual(place, 'direct', tables, ask)
  await expectEqual(place, 'debezium', tables, ask)
  await expectSame(place, VERSIONS)
  await expectSame(place, appendedIn(database.order))
  await compareVariants(space, ask)
}

it('MariaDB by Debezium and Kafka, and by its log, makes the same tables as the database has', async ({
  kafka,
  debezium,
}) => {
  const { database, password, ...own } = await ownMariadb()
  await compareBothWays(
    {
      ...own,
      environment: { MYSQL_PWD: password },
      tables: tablesOf(mariadb.WIDE, mariadb.PAIR, { g: 'Geometry', p: 'Geometry' }),
      kept: keptOf(mariadb.SMALL, { file: 'text', pos: 'long', row: 'long' }),
      dialect: MARIADB,
      ...{ types: [], identities: [], addsColumn: 'ALTER TABLE wide ADD COLUMN unknown TEXT AFTER id' },
      variants: OF_MARIADB,
      own: (index) => ({ 'database.server.id': String(60_000 + index) }),
      space: database,
      cast: (name) => `CAST(${name} AS CHAR)`,
      order: 'file, pos, "row"',
    },
    { kafka, debezium },
  )
})

it('PostgreSQL by Debezium and Kafka, and by its log, makes the same tables as the database has', async ({
  kafka,
  debezium,
}) => {
  const { password, ...own } = await ownPostgres()
  await compareBothWays(
    {
      ...own,
      environment: { PGPASSWORD: password },
      tables: tablesOf(postgres.WIDE, postgres.PAIR, { p: 'Point' }),
      kept: keptOf(postgres.SMALL, { lsn: 'long' }),
      dialect: POSTGRES,
      types: [`CREATE TYPE mood AS ENUM ('sad', 'it''s ok')`],
      identities: ['ALTER TABLE wide REPLICA IDENTITY FULL'],
      addsColumn: 'ALTER TABLE wide ADD COLUMN unknown TEXT',
      variants: OF_POSTGRES,
      own: (index) => ({ 'slot.name': `variant_${index}` }),
      space: 'public',
      cast: (name) => `${name}::text`,
      order: 'lsn',
    },
    { kafka, debezium },
  )
})
