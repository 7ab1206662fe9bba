import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { faultyStore, type ObjectStore } from '@millrace/store'
import { afterAll, describe, expect, type TestAPI } from 'vitest'

const MiB = 1024 * 1024
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found)
const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const keysOf = (store: ObjectStore, prefix: string, after?: string) => Array.fromAsync(store.keys(prefix, after))

/** In an order that is right by UTF-8 bytes alone: not by UTF-16, not by folder, not by alphabet. */
const ODD_KEYS = [
  'odd/ space',
  'odd/"quoted"',
  'odd/%20',
  "odd/'apostrophe'",
  'odd/+plus',
  'odd/.hidden',
  'odd/(1)*!',
  'odd/a-b/c',
  'odd/a.b',
  'odd/a/b/c.json',
  'odd/a/b=1/c',
  'odd/a0',
  'odd/ä',
  'odd/~tilde',
  'odd/日本/語',
  'odd/\uff5e',
  'odd/😀',
  'odd/B',
  'odd/a%2Fb&c;d,e',
]

/** What every object store promises, of one that is empty. */
export function describeStore<Context extends { store: ObjectStore }>(name: string, it: TestAPI<Context>): void {
  describe(`${name} keeps the contract of an object store`, () => {
    const folders: string[] = []
    afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

    it('has nothing where nothing was put', async ({ store }) => {
      expect(await store.get('a/b')).toBeUndefined()
      expect(await store.get('a/b', { offset: 0, length: 9 })).toBeUndefined()
      expect(await keysOf(store, '')).toEqual([])
      expect(await keysOf(store, 'a/')).toEqual([])
      await store.delete('a/b')
    })

    it('gives back what was put, of any size', async ({ store }) => {
      const large = randomBytes(20 * MiB)
      await store.put('some/empty', new Uint8Array())
      await store.put('some/large', large)
      await store.put('some/small', bytes('first'))
      await store.put('some/small', bytes('second'))

      expect(await store.get('some/empty')).toHaveLength(0)
      expect(Buffer.compare((await store.get('some/large')) ?? new Uint8Array(), large)).toBe(0)
      expect(text(await store.get('some/small'))).toBe('second')
    })

    it('reads a range, as far as the object goes', async ({ store }) => {
      await store.put('ten', bytes('0123456789'))

      expect(text(await store.get('ten', { offset: 2, length: 3 }))).toBe('234')
      expect(text(await store.get('ten', { offset: 8, length: 100 }))).toBe('89')
      expect(text(await store.get('ten', { offset: 4, length: 0 }))).toBe('')
      expect(text(await store.get('ten', { offset: 10, length: 5 }))).toBe('')
    })

    it('creates an object once and leaves it as it is', async ({ store }) => {
      expect(await store.putIfAbsent('log/0.json', bytes('mine'))).toBe('created')
      expect(await store.putIfAbsent('log/0.json', bytes('yours'))).toBe('exists')
      expect(text(await store.get('log/0.json'))).toBe('mine')
    })

    it('creates again after a delete', async ({ store }) => {
      await store.putIfAbsent('log/0.json', bytes('old'))
      await store.delete('log/0.json')

      expect(await store.get('log/0.json')).toBeUndefined()
      expect(await keysOf(store, 'log/')).toEqual([])
      expect(await store.putIfAbsent('log/0.json', bytes('new'))).toBe('created')
    })

    it('lets exactly one of 32 creators win, in each of 200 rounds', { timeout: 300_000 }, async ({ store }) => {
      const bodies = Array.from({ length: 32 }, (_, i) => Buffer.alloc(1 + i * 100, 65 + i))

      for (let round = 0; round < 200; round++) {
        const key = `race/${round}.json`
        const answers = await Promise.all(bodies.map((body) => store.putIfAbsent(key, body)))
        const winners = bodies.filter((_, i) => answers[i] === 'created')
        expect(winners).toHaveLength(1)
        expect(text(await store.get(key))).toBe(text(winners[0]))
      }
      expect(await keysOf(store, 'race/')).toHaveLength(200)
    })

    it('never shows half an object', async ({ store }) => {
      let isWriting = true
      const writing = (async () => {
        for (let i = 0; i < 12; i++) {
          await store.putIfAbsent(`half/${i}`, Buffer.alloc(3 * MiB, i))
          await store.put('half/again', Buffer.alloc(3 * MiB, i))
        }
        isWriting = false
      })()
      let seen = 0
      const reading = (async () => {
        while (isWriting) {
          const again = await store.get('half/again')
          if (again) expect([again.length, again.every((byte) => byte === again[0])]).toEqual([3 * MiB, true])
          for await (const { size } of store.list('half/')) {
            expect(size).toBe(3 * MiB)
            seen++
          }
        }
      })()
      await Promise.all([writing, reading])

      expect(seen).toBeGreaterThan(0)
    })

    it('lists keys of any letters in the order of their bytes', async ({ store }) => {
      for (const key of ODD_KEYS) await store.put(key, bytes(key))
      const inOrder = ODD_KEYS.toSorted(byUtf8)

      expect(await keysOf(store, '')).toEqual(inOrder)
      expect(await keysOf(store, 'odd/')).toEqual(inOrder)
      expect(await keysOf(store, 'odd/a')).toEqual(inOrder.filter((key) => key.startsWith('odd/a')))
      expect(await keysOf(store, 'odd/a/')).toEqual(['odd/a/b/c.json', 'odd/a/b=1/c'])
      for (const [i, key] of inOrder.entries()) {
        expect(await keysOf(store, 'odd/', key)).toEqual(inOrder.slice(i + 1))
        expect(text(await store.get(key))).toBe(key)
      }
      for (const key of ODD_KEYS) await store.delete(key)
      expect(await keysOf(store, '')).toEqual([])
    })

    it('begins a listing after a key that need not be there', async ({ store }) => {
      for (const key of ['t/1', 't/2/a', 't/2/b', 't/3']) await store.put(key, bytes(key))

      expect(await keysOf(store, 't/', 't/2')).toEqual(['t/2/a', 't/2/b', 't/3'])
      expect(await keysOf(store, 't/', 't/2/aa')).toEqual(['t/2/b', 't/3'])
      expect(await keysOf(store, 't/', 't/2/z')).toEqual(['t/3'])
      expect(await keysOf(store, 't/', 'a')).toHaveLength(4)
      expect(await keysOf(store, 't/', 'u')).toEqual([])
    })

    it('lists more than a page of keys, each once', { timeout: 120_000 }, async ({ store }) => {
      const keys = Array.from({ length: 2_100 }, (_, i) => `many/${String(i).padStart(20, '0')}.json`)
      for (let i = 0; i < keys.length; i += 32) {
        await Promise.all(keys.slice(i, i + 32).map((key) => store.put(key, bytes('x'))))
      }

      expect(await keysOf(store, 'many/')).toEqual(keys)
      expect(await keysOf(store, 'many/', keys[999])).toEqual(keys.slice(1_000))
    })

    it('tells size and time of what it lists, as soon as it is put', async ({ store }) => {
      for (let i = 0; i < 20; i++) {
        await store.put(`t/${i + 10}`, new Uint8Array(i))
        const infos = await Array.fromAsync(store.list('t/'))
        expect(infos.map(({ size }) => size)).toEqual(Array.from({ length: i + 1 }, (_, size) => size))
        expect(Math.abs((infos.at(-1)?.modified ?? 0) - systemRuntime.now())).toBeLessThan(60_000)
      }
    })

    it.for([0, 1, 5 * MiB, 8 * MiB, 20 * MiB + 7])('uploads a file of %i bytes', async (size, { store }) => {
      const file = join(await temporaryFolder(folders), 'staged')
      const content = randomBytes(size)
      await writeFile(file, content)

      await store.upload('data/part-1.parquet', file)

      expect(Buffer.compare((await store.get('data/part-1.parquet')) ?? new Uint8Array([1]), content)).toBe(0)
      expect(await keysOf(store, 'data/')).toEqual(['data/part-1.parquet'])
    })

    it.for([3, 9 * MiB])(
      'takes a second upload of the same file of %i bytes for done, and refuses another',
      async (size, { store }) => {
        const folder = await temporaryFolder(folders)
        const [file, other] = [join(folder, 'file'), join(folder, 'other')]
        await writeFile(file, Buffer.alloc(size, 'a'))
        await writeFile(other, Buffer.alloc(size + 1, 'b'))
        await store.upload('data/part-1.parquet', file)

        await store.upload('data/part-1.parquet', file)

        await expect(store.upload('data/part-1.parquet', other)).rejects.toMatchObject({ code: 'STORE_FAILED' })
        expect(await store.get('data/part-1.parquet')).toHaveLength(size)
      },
    )

    it('makes objects readable as files, in the order asked for', async ({ store }) => {
      await store.put('t/part-b', bytes('b'))
      await store.put('t/_delta_log/1.checkpoint.parquet', bytes('a'))

      const { paths, release } = await store.readable(['t/_delta_log/1.checkpoint.parquet', 't/part-b'])

      expect(await Promise.all(paths.map((path) => readFile(path, 'utf8')))).toEqual(['a', 'b'])
      await release()
    })

    it('shows as a readable file what the object is now', async ({ store }) => {
      await store.put('t/checkpoint.parquet', bytes('old'))
      await (await store.readable(['t/checkpoint.parquet'])).release()
      await store.put('t/checkpoint.parquet', bytes('new'))

      const { paths, release } = await store.readable(['t/checkpoint.parquet'])

      expect(await readFile(paths[0] ?? '', 'utf8')).toBe('new')
      await release()
    })

    it.for(['../outside', 'a/../../b', '/absolute', 'a//b', './a', '', 'a/'])(
      'refuses the key %j',
      async (key, { store }) => {
        await expect((async () => store.get(key))()).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
        await expect((async () => store.putIfAbsent(key, bytes('x')))()).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
      },
    )

    it('lets a writer whose answer got lost find out that it won', async ({ store }) => {
      const lossy = faultyStore(store, ({ number }) => (number === 0 ? 'answer lost' : undefined), systemRuntime)

      await expect(lossy.putIfAbsent('log/1.json', bytes('mine'))).rejects.toMatchObject({ code: 'STORE_FAILED' })

      expect(await lossy.putIfAbsent('log/1.json', bytes('mine'))).toBe('exists')
      expect(text(await lossy.get('log/1.json'))).toBe('mine')
    })
  })
}

async function temporaryFolder(made: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-store-'))
  made.push(folder)
  return folder
}
