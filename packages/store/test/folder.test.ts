import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { fileStore } from '../src/file.ts'
import { linkIfAbsent, TEMPORARY_FOLDER } from '../src/folder.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('a writer that is killed leaves whole objects, and all that it was told of', async () => {
  const folder = await temporaryFolder()
  for (let kills = 0; kills < 5; kills++) {
    const lake = join(folder, String(kills))
    const reported: unknown[] = []
    const child = fork(fileURLToPath(new URL('programs/put-forever.ts', import.meta.url)), [lake])
    child.on('message', (key) => {
      reported.push(key)
      if (reported.length > kills * 3) child.kill('SIGKILL')
    })
    await once(child, 'close')

    const store = fileStore(lake)
    const listed = await Array.fromAsync(store.list('t/'))
    expect(listed.map(({ key }) => key)).toEqual(expect.arrayContaining(reported))
    expect(listed.every(({ size }) => size === 1024 * 1024)).toBe(true)
    for (const { key } of listed) expect(new Set(await store.get(key)).size).toBe(1)
  }
})

test('what dead writers left goes after a day, what living ones use stays', async () => {
  const folder = await temporaryFolder()
  const temporaries = join(folder, TEMPORARY_FOLDER)
  await mkdir(temporaries)
  await writeFile(join(temporaries, 'old'), 'half')
  await writeFile(join(temporaries, 'new'), 'half')
  const twoDaysAgo = new Date(systemRuntime.now() - 2 * 24 * 60 * 60 * 1000)
  await utimes(join(temporaries, 'old'), twoDaysAgo, twoDaysAgo)

  const store = fileStore(folder)
  await store.put('t/x', bytes('x'))

  expect(await readdir(temporaries)).toEqual(['new'])
  expect(await Array.fromAsync(store.keys(''))).toEqual(['t/x'])
})

test('an uploaded file is a second name for the staged one, not a copy', async () => {
  const folder = await temporaryFolder()
  const staged = join(folder, 'staged.parquet')
  await writeFile(staged, 'rows')
  await fileStore(join(folder, 'lake')).upload('t/part-1.parquet', staged)

  expect((await stat(staged)).nlink).toBe(2)
})

test('a file from another file system is copied', async ({ skip }) => {
  const folder = await temporaryFolder()
  const elsewhere = '/dev/shm'
  const devices = await Promise.all(
    [folder, elsewhere].map(async (path) => (await stat(path).catch(() => undefined))?.dev),
  )
  if (devices[1] === undefined || devices[0] === devices[1]) skip('needs /dev/shm, a file system of its own')
  const staged = join(elsewhere, `millrace-${systemRuntime.uuid()}`)
  await writeFile(staged, Buffer.alloc(3_000_000, 'a'))
  try {
    await fileStore(folder).upload('t/part-1.parquet', staged)
  } finally {
    await rm(staged)
  }

  expect((await readFile(join(folder, 't/part-1.parquet'))).equals(Buffer.alloc(3_000_000, 'a'))).toBe(true)
  expect(await readdir(join(folder, TEMPORARY_FOLDER))).toEqual([])
})

test('links that others made in the folder are no objects', async () => {
  const folder = await temporaryFolder()
  await symlink('/', join(folder, 'whole-machine'))

  expect(await Array.fromAsync(fileStore(folder).keys(''))).toEqual([])
})

test('a folder that is not there is an empty lake, and is made by the first write', async () => {
  const folder = join(await temporaryFolder(), 'not', 'yet')
  const store = fileStore(folder)

  expect(await Array.fromAsync(store.keys(''))).toEqual([])
  await store.put('t/x', bytes('x'))
  expect(await readdir(join(folder, 't'))).toEqual(['x'])
})

test('what the file system refuses is told with the object and what to do', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 't'), 'a file in the place of a folder')

  await expect(fileStore(folder).put('t/x', bytes('x'))).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('put t/x'),
  })
})

test('a file system without hard links is refused', async () => {
  const folder = await temporaryFolder()
  // What no file system links is a folder: the answer is the one that FAT gives for a file.
  const unlinkable = join(folder, 'unlinkable')
  await mkdir(unlinkable)

  await expect(linkIfAbsent(unlinkable, join(folder, 'target'))).rejects.toMatchObject({
    code: 'STORE_UNSUITABLE',
    message: expect.stringContaining('no hard links'),
  })
})

test('what cannot be removed stops no writer', async () => {
  const folder = await temporaryFolder()
  const left = join(folder, TEMPORARY_FOLDER, 'no file')
  await mkdir(left, { recursive: true })
  const twoDaysAgo = new Date(systemRuntime.now() - 2 * 24 * 60 * 60 * 1000)
  await utimes(left, twoDaysAgo, twoDaysAgo)
  const store = fileStore(folder)
  await store.put('t/1', bytes('one'))
  expect(await store.get('t/1')).toEqual(Buffer.from('one'))
})
