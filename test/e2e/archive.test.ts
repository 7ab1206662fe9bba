import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

let place: Workplace
beforeEach(async () => {
  place = await openWorkplace()
})
afterEach(() => place.leave())

const POSTS = 300
const SETS = ['--datasets', 'pin,user']

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await place.run(...args)
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return stdout
}

const rowsIn = async (lake: string, table: string) =>
  JSON.parse(await ok('sql', `SELECT * FROM ${table} ORDER BY ALL`, '--format', 'json', '--lake', lake)) as unknown[]

const caughtUp = (...args: string[]) => ok('stream', '--until-caught-up', '--no-dashboard', ...SETS, ...args)

it('a table rebuilt from the archive equals the one that was filled beside it, and the old consumers read the files', async () => {
  await ok('ingest', '--count', String(POSTS), ...SETS)
  await caughtUp('--to', 'delta', '--to', 'archive:raw?codec=gzip')
  await ok('ingest', '--count', String(POSTS), '--seed', '2', ...SETS)
  await caughtUp('--to', 'delta', '--to', 'archive:raw')
  await ok('ingest', '--count', String(POSTS), '--seed', '3', ...SETS)
  await caughtUp('--to', 'delta', '--to', 'archive:raw?codec=zstd')
  expect(await readdir(join(place.folder, 'raw/topics/user/partition=0'))).toEqual([
    'user+0+0000000000.json.gz',
    'user+0+0000000300.json',
    'user+0+0000000600.json.zst',
  ])

  await caughtUp('--source', 'archive:raw', '--lake', 'again')
  for (const table of ['pin', 'user']) {
    const rows = await rowsIn('again', table)
    expect(rows.length).toBeGreaterThan(POSTS)
    expect(rows).toEqual(await rowsIn('lake', table))
  }
  for (const lake of ['again', 'lake']) await ok('verify', '--lake', lake, '--source', 'archive:raw', ...SETS)
  const looked = await ok('doctor', '--source', 'archive:raw', '--to', 'archive:raw', '--lake', 'again', ...SETS)
  expect(looked).toMatch(/ok +archive: atomic create/)

  const verdict = await ok('verify', '--to', 'archive:raw', '--source', 'embedded:', '--json', ...SETS)
  const { partitions, problems } = JSON.parse(verdict).at(-1) as Record<string, readonly object[]>
  expect(problems).toEqual([])
  expect(partitions?.at(-1)).toMatchObject({ group: 'millrace', topic: 'user', files: 3, messages: POSTS * 3 })

  // The table goes on from the source: the archive has its identity and its offsets.
  await ok('ingest', '--count', '10', '--seed', '4', ...SETS)
  await caughtUp('--lake', 'again')
  expect(await rowsIn('again', 'user')).toHaveLength(POSTS * 3 + 10)

  const [first] = JSON.parse(
    await ok('batch', '--raw', 'raw', '--lake', 'daily', '--date', '2026-01-01', '--json', ...SETS).then(
      (text) => `[${text}]`,
    ),
  ) as { records: number }[]
  expect(first?.records).toBe(POSTS * 6)
})

it('verify finds a file that is gone, one that is another, and one too many', async () => {
  for (const seed of ['1', '2']) {
    await ok('ingest', '--count', '20', '--seed', seed, '--datasets', 'user')
    await caughtUp('--to', 'archive:raw', '--datasets', 'user')
  }
  const folder = join(place.folder, 'raw/topics/user/partition=0')
  const file = join(folder, 'user+0+0000000000.json')
  const lines = await readFile(file, 'utf8')
  const verify = async () => {
    const { exitCode, stdout } = await place.run('verify', '--to', 'archive:raw', '--source', 'embedded:')
    return { exitCode, said: /archive:raw: (.*)/.exec(stdout)?.[1] }
  }
  expect(await verify()).toEqual({ exitCode: 0, said: undefined })
  await writeFile(join(folder, 'user+0+0000000007.json'), lines)
  expect(await verify()).toMatchObject({ exitCode: 3, said: expect.stringContaining('0000000007.json is no file') })
  await rm(join(folder, 'user+0+0000000007.json'))
  await writeFile(file, lines.replace(/\d/, '7'))
  expect(await verify()).toMatchObject({ exitCode: 3, said: expect.stringContaining('is not what was written') })
  await rm(file)
  expect(await verify()).toMatchObject({ exitCode: 3, said: expect.stringContaining('from 0 on its file is missing') })
})

it('an archive alone runs no SQL, and keeps what no table would take', async () => {
  await ok('ingest', '--count', '20', '--datasets', 'user')
  await caughtUp('--to', 'archive:raw', '--datasets', 'user')
  expect(await readdir(place.folder)).not.toContain('lake')
  await caughtUp('--to', 'archive:raw', '--datasets', 'user')
  expect(await readdir(join(place.folder, 'raw/topics/user/partition=0'))).toHaveLength(1)
  expect((await place.run('stream', '--to', 'archive:raw', '--group', 'other', '--until-caught-up')).stderr).toContain(
    'group millrace archives',
  )
})

it('the outputs of the configuration get every record, without --to; with it, those that it names', async () => {
  await writeFile(
    join(place.folder, 'millrace.config.ts'),
    `export default ${JSON.stringify({ outputs: ['delta', 'archive:raw', 'archive:second?codec=zstd'] })}`,
  )
  await ok('ingest', '--count', '20', '--datasets', 'user')
  await caughtUp('--datasets', 'user')
  const filesOf = (archive: string) => readdir(join(place.folder, archive, 'topics/user/partition=0'))
  expect(await filesOf('raw')).toEqual(['user+0+0000000000.json'])
  expect(await filesOf('second')).toEqual(['user+0+0000000000.json.zst'])
  expect(await rowsIn('lake', 'user')).toHaveLength(20)
  for (const to of ['archive:raw', 'archive:second']) await ok('verify', '--to', to, '--source', 'embedded:')

  await ok('ingest', '--count', '20', '--seed', '2', '--datasets', 'user')
  await caughtUp('--datasets', 'user', '--to', 'delta')
  expect(await filesOf('raw')).toHaveLength(1)
  await caughtUp('--datasets', 'user')
  expect(await filesOf('raw')).toHaveLength(2)
  expect(await rowsIn('lake', 'user')).toHaveLength(40)
})
