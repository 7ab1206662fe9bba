import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MillraceError, type Runtime, systemRuntime, workFolderPath } from '@millrace/base'
import { checkKey } from './key.ts'
import { compareUtf8, sortByUtf8 } from './order.ts'
import type { ByteRange, ObjectInfo, ObjectStore, Readable } from './store.ts'

/** The objects, which outlive a simulated process: pass them to the next store. */
export type Objects = Map<string, { readonly bytes: Uint8Array; readonly modified: number }>

const URL = 'memory:'

/** A store in memory. Every call settles in a later turn of the event loop, so that callers interleave. */
export function memoryStore(objects: Objects = new Map(), runtime: Runtime = systemRuntime): ObjectStore {
  const set = (key: string, bytes: Uint8Array) =>
    objects.set(key, { bytes: new Uint8Array(bytes), modified: runtime.now() })
  const turn = async (key: string) => {
    checkKey(URL, key)
    await Promise.resolve()
  }
  const copies = workFolderPath()
  const store: ObjectStore = {
    url: URL,
    readableIn: [copies],
    async get(key, range) {
      await turn(key)
      return sliceOf(objects.get(key)?.bytes, range)
    },
    async put(key, bytes) {
      await turn(key)
      set(key, bytes)
    },
    async putIfAbsent(key, bytes) {
      await turn(key)
      if (objects.has(key)) return 'exists'
      set(key, bytes)
      return 'created'
    },
    async upload(key, localPath) {
      const bytes = await readFile(localPath)
      if ((await store.putIfAbsent(key, bytes)) === 'created') return
      if (objects.get(key)?.bytes.length === bytes.length) return
      throw new MillraceError('STORE_FAILED', `${key} is there already, and is not what was to be put there`)
    },
    async *keys(prefix, after) {
      await Promise.resolve()
      yield* keysAfter(objects, prefix, after)
    },
    async *list(prefix, after) {
      for await (const key of store.keys(prefix, after)) {
        const object = objects.get(key)
        if (object) yield { key, size: object.bytes.length, modified: object.modified } satisfies ObjectInfo
      }
    },
    async delete(key) {
      await turn(key)
      objects.delete(key)
    },
    readable: (keys) => localCopies(objects, keys, join(copies, randomUUID())),
  }
  return store
}

function sliceOf(bytes: Uint8Array | undefined, range: ByteRange | undefined): Uint8Array | undefined {
  return range ? bytes?.slice(range.offset, range.offset + range.length) : bytes?.slice()
}

function keysAfter(objects: Objects, prefix: string, after: string | undefined): string[] {
  return sortByUtf8(
    [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || compareUtf8(key, after) > 0)),
  )
}

async function localCopies(objects: Objects, keys: readonly string[], folder: string): Promise<Readable> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const paths = await Promise.all(
    keys.map(async (key, i) => {
      const path = join(folder, String(i))
      const object = objects.get(key)
      if (object) await writeFile(path, object.bytes)
      return path
    }),
  )
  const release = async () => {
    await rm(folder, { recursive: true, force: true })
    // Other copies may be in use beside it.
    await rmdir(dirname(folder)).catch(() => {})
  }
  return { paths, release }
}
