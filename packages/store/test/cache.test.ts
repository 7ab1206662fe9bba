import { chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Runtime, systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { type Origin, openCache } from '../src/cache/cache.ts'

const UUIDS = Array.from({ length: 10 }, (_, i) => `0000000${i}-0000-4000-8000-000000000000`)

let time = 1_700_000_000_000
/** Every look at the clock is a second later. */
const runtime: Runtime = { ...systemRuntime, now: () => (time += 1000) }

/** Of objects of 100 bytes. Notes what it is asked for. */
function origin() {
  const downloads: string[] = []
  const versions = new Map<string, string>()
  const it: Origin = {
    name: 'test',
    version: async (key) => versions.get(key) ?? 'v1',
    async download(key, path) {
      downloads.push(key)
      await writeFile(path, `${key} ${versions.get(key) ?? 'v1'}`.padEnd(100))
    },
  }
  return { ...it, downloads, versions }
}

const key = (i: number) => `t/part-${UUIDS[i]}.parquet`
const filesIn = async (folder: string) => (await readdir(join(folder, 'files'))).length

test('a file is fetched once, however many ask for it at once or later', async () => {
  const from = origin()
  const cache = openCache(from, runtime, { folder: await temporaryFolder() })

  const loans = await Promise.all([1, 1, 1, 2].map((i) => cache.borrow([key(i)])))
  await Promise.all(loans.map(({ release }) => release()))
  const again = await cache.borrow([key(2), key(1)])

  expect(from.downloads.toSorted()).toEqual([key(1), key(2)])
  expect(await readFile(again.paths[1] ?? '', 'utf8')).toMatch(key(1))
  await again.release()
})

test('a name that may be given again is asked for its version, one with a UUID is not', async () => {
  const from = origin()
  const cache = openCache(from, runtime, { folder: await temporaryFolder() })
  await cache.borrow(['t/1.checkpoint.parquet', key(1)])
  from.versions.set('t/1.checkpoint.parquet', 'v2').set(key(1), 'v2')

  const { paths } = await cache.borrow(['t/1.checkpoint.parquet', key(1)])

  const [checkpoint, data] = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
  expect(checkpoint).toMatch('v2')
  expect(data).toMatch('v1')
})

test('what was used least recently makes room', async () => {
  const from = origin()
  const folder = await temporaryFolder()
  const cache = openCache(from, runtime, { folder, maxBytes: 300 })
  for (const i of [1, 2, 3, 1, 4]) await (await cache.borrow([key(i)])).release()

  expect(await filesIn(folder)).toBe(3)
  await (await cache.borrow([key(1), key(3), key(4)])).release()
  expect(from.downloads).toHaveLength(4)
  await (await cache.borrow([key(2)])).release()
  expect(from.downloads).toHaveLength(5)
})

test('a borrowed file stays readable while other processes fill the cache, and goes with its release', async () => {
  const folder = await temporaryFolder()
  const mine = await openCache(origin(), runtime, { folder, maxBytes: 300 }).borrow([key(0)])
  const other = openCache(origin(), runtime, { folder, maxBytes: 300 })
  for (let i = 1; i < 10; i++) await (await other.borrow([key(i)])).release()

  expect(await readFile(mine.paths[0] ?? '', 'utf8')).toMatch(key(0))

  await mine.release()
  await expect(readFile(mine.paths[0] ?? '')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await readdir(join(folder, 'loans'))).toEqual([])
})

test('a query that needs more than the cache may hold is refused, and leaves nothing borrowed', async () => {
  const folder = await temporaryFolder()
  const cache = openCache(origin(), runtime, { folder, maxBytes: 300 })

  await expect(cache.borrow([1, 2, 3, 4].map(key))).rejects.toMatchObject({ code: 'CACHE_FULL' })

  expect(await readdir(join(folder, 'loans'))).toEqual([])
})

test('a download that fails leaves nothing, and the next one begins anew', async () => {
  const folder = await temporaryFolder()
  const from = origin()
  const failing: Origin = {
    ...from,
    async download(key, path, mostBytes) {
      await writeFile(path, 'half')
      if (from.downloads.length === 0) {
        from.downloads.push('failed')
        throw new Error('the line broke')
      }
      await from.download(key, path, mostBytes)
    },
  }
  const cache = openCache(failing, runtime, { folder })

  await expect(cache.borrow([key(1)])).rejects.toThrow('the line broke')
  expect(await filesIn(folder)).toBe(0)

  const { paths } = await cache.borrow([key(1)])
  expect(await readFile(paths[0] ?? '', 'utf8')).toMatch(key(1))
})

test('what dead processes had borrowed is given back, what living ones have is not', async () => {
  const folder = await temporaryFolder()
  const loans = join(folder, 'loans')
  // No process has so high an id.
  for (const name of [`99999999@${hostname()}@dead`, `${process.pid}@${hostname()}@alive`, '99999999@elsewhere@far']) {
    await mkdir(join(loans, name), { recursive: true })
  }

  await (await openCache(origin(), runtime, { folder }).borrow([key(1)])).release()

  expect((await readdir(loans)).sort()).toEqual(['99999999@elsewhere@far', `${process.pid}@${hostname()}@alive`].sort())
})

test.runIf(process.getuid?.() === 0)(
  'a folder of somebody else is no cache, also where a link leads to it',
  async () => {
    const [folder, linked] = [await temporaryFolder(), join(await temporaryFolder(), 'link')]
    await mkdir(join(folder, 'files'))
    await chown(join(folder, 'files'), 65_534, 65_534)
    await symlink(folder, linked)
    const from = origin()
    for (const place of [folder, linked]) {
      const borrowed = openCache(from, runtime, { folder: place }).borrow([key(1)])
      await expect(borrowed).rejects.toMatchObject({ code: 'STORE_UNSUITABLE' })
    }
    expect(from.downloads).toEqual([])
  },
)
