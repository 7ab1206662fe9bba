import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { quoteText } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type AddFile,
  appendRows,
  openTable,
  optimizeTable,
  planScan,
  type Snapshot,
  type TableRef,
  vacuumTable,
  withScan,
} from '../../src/index.ts'
import type { DeletionVector } from '../../src/log/actions.ts'
import { commitName, logKey } from '../../src/log/log.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

const OWN = 7
const SECRET = 666
const REFUSED = /^(TABLE_|PATH_OUTSIDE)/

let at: TestTables
let good: Snapshot
let secret: string
let first: Uint8Array
let tables = 0

beforeAll(async () => {
  at = await openTestTables()
  const empty = await at.create({ schema: struct(column('n', 'integer')), partitionColumns: [] })
  good = await committed(appendRows(empty, `SELECT ${OWN}::INTEGER AS n`, at))
  first = (await at.store.get(logKey(good.table, commitName(0)))) as Uint8Array
  const outside = join(dirname(at.lake), 'outside')
  await mkdir(outside)
  secret = join(outside, 'secret.parquet')
  await at.connection.run(`COPY (SELECT ${SECRET}::INTEGER AS n) TO ${quoteText(secret)} (FORMAT parquet)`)
  execFileSync('/usr/bin/env', ['mkfifo', join(outside, 'pipe.parquet')])
  await symlink(secret, join(outside, 'link.parquet'))
})
afterAll(() => at.close())

const ownFile = () => [...good.files.values()][0] as AddFile

/** A table whose log, as a hostile writer made it, names its own file and what `change` makes of it. */
async function hostileTable(change: (own: AddFile) => AddFile[], table: TableRef = newTable()): Promise<TableRef> {
  const own = ownFile()
  const data = (await at.store.get(`${good.table.path}/${own.path}`)) as Uint8Array
  await at.store.put(`${table.path}/own.parquet`, data)
  const adds = change({ ...own, path: 'own.parquet' })
  const lines = adds.map((add) =>
    JSON.stringify({ add }, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  )
  await at.store.put(logKey(table, commitName(0)), first)
  await at.store.put(logKey(table, commitName(1)), Buffer.from(lines.join('\n')))
  return table
}

const newTable = (): TableRef => ({ store: at.store, path: `hostile${tables++}` })

const besides = (path: string) => (own: AddFile) => [own, { ...own, path, stats: null } as unknown as AddFile]

/** The sum of what is read, or the code of the refusal. */
async function read(table: TableRef): Promise<unknown> {
  return outcome(async () => {
    const snapshot = (await openTable(table)) as Snapshot
    const rows = await withScan(planScan(snapshot), at.connection, (sql) =>
      at.connection.runAndReadAll(`SELECT sum(n)::INTEGER FROM (${sql})`),
    )
    return rows.getRows()[0]?.[0]
  })
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const maintained = (table: TableRef, maintenance: (snapshot: Snapshot) => Promise<unknown>) =>
  outcome(async () => maintenance((await openTable(table)) as Snapshot))

/** What no table may change: every file outside, and the table's own. */
async function untouched(table: TableRef): Promise<unknown> {
  const outside = dirname(secret)
  return {
    outside: (await readdir(outside)).sort(),
    secret: (await readFile(secret)).length,
    own: (await stat(join(at.lake, table.path, 'own.parquet'))).size,
  }
}

const encoded = (path: string) => path.replace(/[^/]/g, (letter) => `%${Buffer.from(letter).toString('hex')}`)
const up = '../'.repeat(24)

/** Every way to write a path of this machine, seen from a table. */
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  plain: (path) => path,
  'file:': (path) => `file:${path}`,
  'file://': (path) => `file://${path}`,
  'file:/x//': (path) => `file:/${path}`,
  'FILE://localhost': (path) => `FILE://localhost${path}`,
  'file://127.0.0.1': (path) => `file://127.0.0.1${path}`,
  'two slashes': (path) => `/${path}`,
  'dots within': (path) => path.replace('/', '/./x/../'),
  'up and down': (path) => `${up}${path.slice(1)}`,
  'up from within': (path) => `x/y/${up}${path.slice(1)}`,
  'encoded up': (path) => `${encoded(up).replaceAll('/', '%2F')}${path.slice(1)}`,
  'encoded slashes': (path) => `..%2f..${encoded(path)}`,
  'beside the lake': (path) => `../../outside/${path.split('/').at(-1)}`,
  encoded,
  'encoded with file:': (path) => `file://${encoded(path)}`,
  'with a query': (path) => `${path}?x=1`,
  'with a fragment': (path) => `${path}#x`,
  'from within the lake': (path) => `${at.lake}/../outside/${path.split('/').at(-1)}`,
  'from the home folder': (path) => `~${path}`,
  'with a backslash': (path) => path.replaceAll('/', '\\'),
}

const outsideNames = ['secret.parquet', 'link.parquet', 'pipe.parquet', 'gone.parquet', '*.parquet', '']

const spelled = Object.keys(SPELLINGS).flatMap((spelling) => outsideNames.map((name) => [spelling, name] as const))

test.each(spelled)('nothing outside of the lake is read: %s, outside/%s', async (spelling, name) => {
  const path = (SPELLINGS[spelling] as (path: string) => string)(join(dirname(secret), name))
  const table = await hostileTable(besides(path))
  const before = await untouched(table)
  expect(await read(table)).toMatch(REFUSED)
  const maintenance = [
    await maintained(table, (snapshot) => vacuumTable(snapshot, at, { retentionMs: 0, force: true })),
    await maintained(table, (snapshot) => optimizeTable(snapshot, at)),
  ]
  for (const done of maintenance) if (typeof done === 'string') expect(done).toMatch(REFUSED)
  expect(await untouched(table)).toEqual(before)
})

test.each([
  'http://127.0.0.1:9/x.parquet',
  'HTTPS://127.0.0.1:9/x.parquet',
  's3://other/x.parquet',
  's3a://other/x.parquet',
  'S3N://other/../x.parquet',
  'gs://other/x.parquet',
  'abfss://c@a/x.parquet',
  'hf://datasets/x/y.parquet',
  'data:,x',
  '/dev/zero',
  '/dev/stdin',
  '/proc/self/environ',
  '/etc/passwd',
  'file:///etc/passwd',
  '/',
  '.',
  '..',
  '',
  'nul\0.parquet',
  `${'long'.repeat(2_000)}.parquet`,
  `${'deep/'.repeat(2_000)}x.parquet`,
  "x' OR 1=1; COPY (SELECT 1) TO 'y",
  '*.parquet',
  '**',
  '[o]wn.parquet',
  'ow?.parquet',
  '_delta_log/00000000000000000000.json',
  'own.parquet/x',
])('an odd path is refused: %j', async (path) => {
  expect(await read(await hostileTable(besides(path)))).toMatch(REFUSED)
})

/** Names in the table, and what a hostile writer linked them to. */
const LINKS: Readonly<Record<string, readonly (readonly [name: string, target: () => string])[]>> = {
  'to a file': [['x.parquet', () => secret]],
  'to a link': [['x.parquet', () => join(dirname(secret), 'link.parquet')]],
  'to a pipe': [['x.parquet', () => join(dirname(secret), 'pipe.parquet')]],
  'to a device': [['x.parquet', () => '/dev/zero']],
  'by steps up': [['x.parquet', () => '../../outside/secret.parquet']],
  'to itself': [['x.parquet', () => 'x.parquet']],
  'to nothing': [['x.parquet', () => 'nothing']],
  'by another link': [
    ['y', () => dirname(secret)],
    ['x.parquet', () => 'y/secret.parquet'],
  ],
}

async function linkedTable(links: keyof typeof LINKS): Promise<TableRef> {
  const table = await hostileTable(besides('x.parquet'))
  for (const [name, target] of LINKS[links] ?? []) await symlink(target(), join(at.lake, table.path, name))
  return table
}

test.each(Object.keys(LINKS))('a link out of the lake is not followed: %s', async (links) => {
  const table = await linkedTable(links)
  const before = await untouched(table)
  expect(await read(table)).toMatch(REFUSED)
  const optimized = await maintained(table, (snapshot) => optimizeTable(snapshot, at))
  if (typeof optimized === 'string') expect(optimized).toMatch(REFUSED)
  else expect(optimized).toMatchObject({ removedFiles: 0 })
  await maintained(table, (snapshot) => vacuumTable(snapshot, at, { retentionMs: 0, force: true }))
  expect(await untouched(table)).toEqual(before)
})

test('a log that is a link out of the lake is not read', async () => {
  const table = await hostileTable((own) => [own])
  await symlink(secret, join(at.lake, logKey(table, commitName(2))))
  await symlink(dirname(secret), join(at.lake, table.path, 'folder'))
  await expect(at.store.get(logKey(table, commitName(2)))).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  await expect(at.store.get(`${table.path}/folder/secret.parquet`)).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
})

test('what is allowed is read, by its path and through a link, and copied in by neither', async () => {
  const byPath = await hostileTable(besides(`file://${secret}`))
  const byLink = await linkedTable('by another link')
  const allowed = await openLake(at.lake, { allowPaths: [`${dirname(secret)}/`] })
  for (const table of [byPath, byLink].map(({ path }) => ({ store: allowed, path }))) {
    expect(await read(table)).toBe(OWN + SECRET)
    expect(await maintained(table, (snapshot) => optimizeTable(snapshot, at))).toMatchObject({ removedFiles: 0 })
  }
  const other = await openLake(at.lake, { allowPaths: [join(dirname(secret), 'sec')] })
  for (const { path } of [byPath, byLink]) expect(await read({ store: other, path })).toBe('PATH_OUTSIDE')
})

test('an absolute path within the lake is no path outside, and a link within it neither', async () => {
  const table = newTable()
  await hostileTable(besides(`file://${at.lake}/${table.path}/link.parquet`), table)
  await symlink('own.parquet', join(at.lake, table.path, 'link.parquet'))
  expect(await read(table)).toBe(2 * OWN)
})

const vector: DeletionVector = {
  storageType: 'p',
  pathOrInlineDv: 'v.bin',
  offset: 1,
  sizeInBytes: 40,
  cardinality: 1,
}

test.each<[string, () => Partial<DeletionVector>]>([
  ...Object.keys(SPELLINGS).map(
    (spelling) =>
      [`outside: ${spelling}`, () => ({ pathOrInlineDv: SPELLINGS[spelling]?.(secret) as string })] as [
        string,
        () => Partial<DeletionVector>,
      ],
  ),
  ['a pipe', () => ({ pathOrInlineDv: join(dirname(secret), 'pipe.parquet') })],
  ['a device', () => ({ pathOrInlineDv: '/dev/zero' })],
  ['the web', () => ({ pathOrInlineDv: 'http://127.0.0.1:9/v.bin' })],
  ['its own data', () => ({ pathOrInlineDv: 'own.parquet' })],
  ['itself gone', () => ({ pathOrInlineDv: 'gone.bin' })],
  ['huge', () => ({ sizeInBytes: 2 ** 31 - 1, pathOrInlineDv: 'own.parquet' })],
  ['of no size', () => ({ sizeInBytes: 0, pathOrInlineDv: 'own.parquet' })],
  ['of a size below zero', () => ({ sizeInBytes: -1, pathOrInlineDv: 'own.parquet' })],
  ['before its file', () => ({ offset: -5, pathOrInlineDv: 'own.parquet' })],
  ['far behind its file', () => ({ offset: 2 ** 31 - 1, pathOrInlineDv: 'own.parquet' })],
  ['of more rows than there are', () => ({ cardinality: 2 ** 40, pathOrInlineDv: 'own.parquet' })],
  ['of fewer rows than none', () => ({ cardinality: -1, pathOrInlineDv: 'own.parquet' })],
  ['of an unknown kind', () => ({ storageType: 'x' as DeletionVector['storageType'] })],
  ['inline garbage', () => ({ storageType: 'i', pathOrInlineDv: '##093' })],
])('a hostile deletion vector is refused: %s', async (_, hostile) => {
  const table = await hostileTable((own) => [{ ...own, deletionVector: { ...vector, ...hostile() } }])
  const before = await untouched(table)
  expect(await read(table)).toMatch(REFUSED)
  await maintained(table, (snapshot) => vacuumTable(snapshot, at, { retentionMs: 0, force: true }))
  expect(await untouched(table)).toEqual(before)
})
