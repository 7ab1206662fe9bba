import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '@millrace/base'
import type { ObjectInfo, ObjectStore } from './store.ts'

/** A folder as an object store. Creating is write, fsync, link(2), fsync of the folder: never a rename onto a log entry. */
export function fileStore(folder: string): ObjectStore {
  const root = resolve(folder)
  const pathOf = (key: string) => join(root, key)
  return {
    url: pathToFileURL(root).href,
    locate: pathOf,
    get: (key) => unlessAbsent(readFile(pathOf(key))),
    put: (key, bytes) => withTemporary(pathOf(key), bytes, (temporary) => rename(temporary, pathOf(key))),
    putIfAbsent: (key, bytes) => withTemporary(pathOf(key), bytes, (temporary) => linkIfAbsent(temporary, pathOf(key))),
    upload: (key, localPath) => adopt(localPath, pathOf(key)),
    list: (prefix, after) => listKeys(root, prefix, after),
    delete: (key) => rm(pathOf(key), { force: true }),
  }
}

/** Only for readers: temporary files of writers that are under way, or died. */
const TEMPORARY = /\.millrace-[0-9a-f-]{36}\.tmp$/

async function withTemporary<T>(
  target: string,
  bytes: Uint8Array,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.millrace-${randomUUID()}.tmp`
  const file = await open(temporary, 'wx')
  try {
    await writeAndSync(file, bytes)
    const result = await place(temporary)
    await syncFolder(dirname(target))
    return result
  } finally {
    await rm(temporary, { force: true })
  }
}

async function writeAndSync(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function linkIfAbsent(temporary: string, target: string): Promise<'created' | 'exists'> {
  try {
    await link(temporary, target)
    return 'created'
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return 'exists'
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') {
      throw new MillraceError('STORE_UNSUITABLE', `the file system of ${target} has no hard links`, { cause: error })
    }
    throw error
  }
}

async function adopt(localPath: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const file = await open(localPath, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(localPath, target)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
    await withTemporary(target, await readFile(localPath), (temporary) => link(temporary, target))
  }
  await syncFolder(dirname(target))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function* listKeys(root: string, prefix: string, after: string | undefined): AsyncIterable<ObjectInfo> {
  const keys: string[] = []
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  await collectKeys(root, folder, keys)
  const wanted = keys.filter((key) => key.startsWith(prefix) && (after === undefined || compareUtf8(key, after) > 0))
  for (const key of wanted.sort(compareUtf8)) {
    const info = await unlessAbsent(stat(join(root, key)))
    if (info) yield { key, size: info.size, modified: info.mtimeMs }
  }
}

async function collectKeys(root: string, folder: string, into: string[]): Promise<void> {
  const entries = await unlessAbsent(opendir(join(root, folder)))
  if (!entries) return
  for await (const entry of entries) {
    if (entry.isDirectory()) await collectKeys(root, `${folder}${entry.name}/`, into)
    else if (!TEMPORARY.test(entry.name)) into.push(folder + entry.name)
  }
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
