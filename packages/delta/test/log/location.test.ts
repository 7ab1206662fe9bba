import { mkdir, mkdtemp, readdir, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, openLake } from '@millrace/store'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AddFile, type Snapshot, vacuumTable } from '../../src/index.ts'
import { idOf, locationsOf } from '../../src/log/location.ts'
import { column, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
let lake: string
let real: string

beforeAll(async () => {
  at = await openTestTables()
  const root = await realpath(await mkdtemp(join(tmpdir(), 'millrace-paths-')))
  real = join(root, 'the lake')
  lake = join(root, 'link')
  await mkdir(real)
  await symlink(real, lake)
})

afterAll(async () => {
  await at.close()
  await rm(join(real, '..'), { recursive: true, force: true })
})

/** Spellings of one file, each of which another engine may write. */
const SPELLINGS: Readonly<Record<string, (table: string, name: string) => string>> = {
  plain: (_, name) => name,
  'a dot': (_, name) => `./${name}`,
  'a dot within': (_, name) => name.replace('/', '/./'),
  'two slashes': (_, name) => name.replace('/', '//'),
  'up and down': (_, name) => `x/../${name}`,
  'up to the table': (table, name) => `../${table}/${name}`,
  'a link': (table, name) => `${lake}/${table}/${name}`,
  'no link': (table, name) => `${real}/${table}/${name}`,
  'encoded, one slash': (table, name) => `file:${encodeURI(`${real}/${table}/${name}`)}`,
  'not encoded, two slashes within': (table, name) => `file:${real}//${table}/${name}`,
  'three slashes': (table, name) => `file://${encodeURI(`${lake}/./${table}/${name}`)}`,
  capitals: (table, name) => `FILE:${lake}/${table}/${name}`,
  localhost: (table, name) => `file://localhost${lake}/${table}/${name}`,
  'four slashes': (table, name) => `file:///${real}/${table}/${name}`,
}

let tables = 0

/** A table of old files: the one that it has, spelled so, and one that nobody needs. */
async function tableWith(spell: (table: string, name: string) => string, opened: string, asVector: boolean) {
  const store = await openLake(opened)
  const table = { store, path: `t${tables++}` }
  const name = 's/live.parquet'
  await mkdir(join(real, table.path, 's'), { recursive: true })
  for (const file of [name, 's/unneeded.parquet', 'data.parquet']) {
    await writeFile(join(real, table.path, file), 'x')
    await utimes(join(real, table.path, file), 1, 1)
  }
  const made = await at.create({ schema: struct(column('n', 'integer')), partitionColumns: [] })
  const spelled = spell(table.path, name)
  const data: AddFile = {
    path: asVector ? 'data.parquet' : spelled,
    partitionValues: {},
    size: 1,
    modificationTime: 1,
    dataChange: true,
    ...(asVector
      ? { deletionVector: { storageType: 'p', pathOrInlineDv: spelled, offset: 1, sizeInBytes: 1, cardinality: 1 } }
      : {}),
  }
  const snapshot: Snapshot = { ...made, table, files: made.files.with(new Map([['live', data]])) }
  return { snapshot, folder: join(real, table.path) }
}

test('vacuum never lists a file that the table has, however the log and the lake spell it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(SPELLINGS)),
      fc.constantFrom('link', 'real'),
      fc.boolean(),
      async (spelling, opened, asVector) => {
        const spell = SPELLINGS[spelling] as (table: string, name: string) => string
        const { snapshot, folder } = await tableWith(spell, opened === 'link' ? lake : real, asVector)
        const { keys } = await vacuumTable(snapshot, at)
        const unneeded = ['s/unneeded.parquet', ...(asVector ? [] : ['data.parquet'])]
        expect(keys.map((key) => key.slice(snapshot.table.path.length + 1)).sort()).toEqual(unneeded.sort())
        expect(await readdir(join(folder, 's'))).toEqual(['live.parquet'])
      },
    ),
    { numRuns: 80 },
  )
})

test('vacuum keeps what a link within the table leads to', async () => {
  const { snapshot, folder } = await tableWith(() => 'via/live.parquet', real, false)
  await symlink('s', join(folder, 'via'))
  const { keys } = await vacuumTable(snapshot, at, { dryRun: true })
  expect(keys).not.toContain(`${snapshot.table.path}/s/live.parquet`)
})

test.each(['a%zz.parquet', 'gone.parquet', 'file://elsewhere/x.parquet', 'odd:x.parquet', 'nul\0.parquet', 's'])(
  'vacuum deletes nothing where a path names no file: %j',
  async (path) => {
    const { snapshot, folder } = await tableWith(() => path, real, false)
    await expect(vacuumTable(snapshot, at)).rejects.toThrow(expect.objectContaining({ code: 'TABLE_BROKEN' }))
    expect(await readdir(join(folder, 's'))).toEqual(['live.parquet', 'unneeded.parquet'])
  },
)

test.each([
  's3a://bucket/lake/t/x.parquet',
  's3n://bucket/lake//t/x.parquet',
  'S3://bucket/lake/./t/x.parquet',
  's3://bucket/lake/t/%78.parquet',
  '/lake/t/x.parquet',
  './x.parquet',
  '../t/x.parquet',
])('a bucket has one name for each object: %s', (path) => {
  const store = { ...memoryStore(), url: 's3://bucket/lake' }
  expect(locationsOf(store, 't', path).map(idOf)).toContainEqual(idOf({ key: 't/x.parquet' }))
})
