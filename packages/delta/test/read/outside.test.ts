import { execFileSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { quoteText } from '@millrace/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AddFile, appendRows, optimizeTable, type Snapshot } from '../../src/index.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
beforeAll(async () => {
  at = await openTestTables()
})
afterAll(() => at.close())

/** A table with a file of its own and one by the path. */
async function tableWith(path: (table: Snapshot) => string): Promise<Snapshot> {
  const made = await at.create({ schema: struct(column('n', 'integer')), partitionColumns: [] })
  const table = await committed(appendRows(made, 'SELECT 7::INTEGER AS n', at))
  const [file] = table.files.values().toArray() as [AddFile]
  return { ...table, files: table.files.with(new Map([['other', { ...file, path: path(table), stats: null }]])) }
}

const SUM = 'SELECT sum(n)::INTEGER AS n FROM rows'

test.each(['http://127.0.0.1:9/x.parquet', 'HTTPS://127.0.0.1:9/x.parquet', 'hf://datasets/x/y.parquet'])(
  'is never fetched from the web: %s',
  async (path) => {
    const table = await tableWith(() => path)
    await expect(at.ask(table, SUM)).rejects.toThrow(expect.objectContaining({ code: 'TABLE_UNSUPPORTED' }))
  },
)

test.each([
  ['within the lake', 'TABLE_BROKEN'],
  ['outside of the lake', 'PATH_OUTSIDE'],
])('a pipe %s is refused, not waited for', async (where, code) => {
  const table = await tableWith(({ table }) =>
    where === 'within the lake' ? 'pipe.parquet' : join(dirname(at.lake), `${table.path}.parquet`),
  )
  const { path } = table.files.get('other') as AddFile
  const pipe = path.startsWith('/') ? path : join(at.lake, table.table.path, path)
  await mkdir(dirname(pipe), { recursive: true })
  execFileSync('/usr/bin/env', ['mkfifo', pipe])
  await expect(at.ask(table, SUM)).rejects.toThrow(expect.objectContaining({ code }))
})

test('a pipe in the place of a log entry is refused', async () => {
  await mkdir(join(at.lake, 'p'), { recursive: true })
  execFileSync('/usr/bin/env', ['mkfifo', join(at.lake, 'p', 'entry.json')])
  await expect(at.store.get('p/entry.json')).rejects.toThrow(expect.objectContaining({ code: 'TABLE_BROKEN' }))
})

test.each(['a link', 'a linked folder', 'a path that climbs out'])(
  'what %s leads to outside of the lake is neither read nor copied',
  async (how) => {
    const outside = join(dirname(at.lake), `secret ${how}`)
    await mkdir(outside)
    const secret = join(outside, 'secret.parquet')
    await at.connection.run(`COPY (SELECT 8::INTEGER AS n) TO ${quoteText(secret)} (FORMAT parquet)`)
    const table = await tableWith(() =>
      how === 'a path that climbs out'
        ? `../../secret%20${encodeURIComponent(how)}/secret.parquet`
        : 'in/secret.parquet',
    )
    const folder = join(at.lake, table.table.path, 'in')
    if (how === 'a linked folder') await symlink(outside, folder)
    if (how === 'a link') {
      await mkdir(folder)
      await symlink(secret, join(folder, 'secret.parquet'))
    }
    await expect(at.ask(table, SUM)).rejects.toThrow(expect.objectContaining({ code: 'PATH_OUTSIDE' }))
    const packed = await optimizeTable(table, at).then(
      ({ removedFiles, addedFiles }) => removedFiles + addedFiles,
      (error) => error.code,
    )
    expect([0, 'PATH_OUTSIDE']).toContain(packed)
    const got = await at.store.get(`${table.table.path}/in/secret.parquet`).catch((error) => error.code)
    expect([undefined, 'PATH_OUTSIDE']).toContain(got)
  },
)

test('optimize copies nothing from outside of the lake', async () => {
  const outside = join(dirname(at.lake), 'outside.parquet')
  await at.connection.run(`COPY (SELECT 8::INTEGER AS n) TO ${quoteText(outside)} (FORMAT parquet)`)
  const table = await tableWith(() => outside)
  const { removedFiles, addedFiles } = await optimizeTable(table, at)
  expect({ removedFiles, addedFiles }).toEqual({ removedFiles: 0, addedFiles: 0 })
})
