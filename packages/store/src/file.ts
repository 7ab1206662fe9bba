import type { Dirent } from 'node:fs'
import { link, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import { withCodedErrors } from './coded-errors.ts'
import { refuseOutside } from './confined.ts'
import {
  copyInto,
  errorCode,
  inFolderOf,
  linkIfAbsent,
  sweepTemporaries,
  syncPath,
  TEMPORARY_FOLDER,
  unlessAbsent,
  withTemporary,
} from './folder.ts'
import { checkKey } from './key.ts'
import { compareUtf8, sortByUtf8 } from './order.ts'
import { readObject } from './read-object.ts'
import { refuseSpecialFiles } from './special.ts'
import type { ObjectInfo, ObjectStore } from './store.ts'

/** A folder as an object store: an object is written and synced under a temporary name, then linked to its own. */
export function fileStore(
  folder: string,
  runtime: Runtime = systemRuntime,
  allowedRoots: readonly string[] = [],
): ObjectStore {
  const root = resolve(folder)
  // Links may lead to the other places that the user allows, and to no others.
  const within = [root, ...allowedRoots]
  const url = pathToFileURL(root).href
  const pathOf = (key: string) => {
    checkKey(url, key)
    return join(root, key)
  }
  let swept: Promise<void> | undefined
  const write = async <T>(key: string, bytes: Uint8Array, place: (temporary: string, target: string) => Promise<T>) => {
    const target = pathOf(key)
    swept ??= sweepTemporaries(root, runtime.now())
    await swept
    return withTemporary(
      root,
      (file) => file.writeFile(bytes),
      (temporary) => place(temporary, target),
    )
  }
  const store: ObjectStore = {
    url,
    readableIn: [root],
    async get(key, range) {
      return unlessAbsent(readObject(pathOf(key), within, range))
    },
    put: (key, bytes) => write(key, bytes, replace),
    putIfAbsent: (key, bytes) => write(key, bytes, linkIfAbsent),
    upload: (key, localPath) => adopt(root, localPath, pathOf(key)),
    keys: (prefix, after) => keysIn(root, prefix, after),
    list: (prefix, after) => listIn(root, prefix, after),
    delete: (key) => rm(pathOf(key), { force: true }),
    async readable(keys) {
      const paths = keys.map(pathOf)
      await refuseOutside(paths, within)
      await refuseSpecialFiles(paths)
      return { paths, release: async () => {} }
    },
  }
  return withCodedErrors(store, adviceOn)
}

function adviceOn(error: unknown): string | undefined {
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'Free some space.'
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return 'Give this user the right to read and write there.'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'A file is where a folder has to be: name another folder.'
  if (code === 'ENAMETOOLONG') return 'Choose shorter names.'
  if (code === 'EMFILE' || code === 'ENFILE') return 'Raise the limit of open files (ulimit -n).'
  return undefined
}

async function replace(temporary: string, target: string): Promise<void> {
  await inFolderOf(target, () => rename(temporary, target))
  await syncPath(dirname(target))
}

/**
 * Links the local file into the store; copies it where it is on another file system. The name may
 * exist before the bytes are synced: nothing refers to it yet.
 */
async function adopt(root: string, localPath: string, target: string): Promise<void> {
  try {
    await inFolderOf(target, () => link(localPath, target))
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      const copied = await withTemporary(
        root,
        (temporary) => copyInto(temporary, localPath),
        (temporary) => linkIfAbsent(temporary, target),
      )
      if (copied === 'created') return
    }
    await sameSize(localPath, target)
  }
  await Promise.all([syncPath(target), syncPath(dirname(target))])
}

async function sameSize(localPath: string, target: string): Promise<void> {
  const [mine, there] = await Promise.all([stat(localPath), stat(target)])
  if (mine.size !== there.size) {
    throw new MillraceError('STORE_FAILED', `${target} is there already, and is not what was to be put there`)
  }
}

const STATS_AT_ONCE = 64

async function* listIn(root: string, prefix: string, after: string | undefined): AsyncIterable<ObjectInfo> {
  let batch: string[] = []
  for await (const key of keysIn(root, prefix, after)) {
    batch.push(key)
    if (batch.length < STATS_AT_ONCE) continue
    yield* await infosOf(root, batch)
    batch = []
  }
  yield* await infosOf(root, batch)
}

async function infosOf(root: string, keys: readonly string[]): Promise<ObjectInfo[]> {
  const infos = keys.map(async (key) => {
    const info = await unlessAbsent(stat(join(root, key)))
    return info && { key, size: info.size, modified: info.mtimeMs }
  })
  return (await Promise.all(infos)).filter((info) => info !== undefined)
}

/** Yields keys folder by folder: entries sort as their keys do when the names of folders end in `/`. */
async function* keysIn(root: string, prefix: string, after: string | undefined): AsyncIterable<string> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  yield* keysUnder(root, folder, (key) => reaches(key, prefix, after))
}

async function* keysUnder(root: string, folder: string, wanted: (key: string) => boolean): AsyncIterable<string> {
  const entries = (await unlessAbsent(readdir(join(root, folder), { withFileTypes: true }))) ?? []
  for (const key of sortByUtf8(entries.flatMap((entry) => keyOf(folder, entry)).filter(wanted))) {
    if (key.endsWith('/')) yield* keysUnder(root, key, wanted)
    else yield key
  }
}

/** Whether the key, or a key in the folder, is one that is asked for. */
function reaches(key: string, prefix: string, after: string | undefined): boolean {
  const isFolder = key.endsWith('/')
  if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) return false
  return after === undefined || compareUtf8(key, after) > 0 || (isFolder && after.startsWith(key))
}

function keyOf(folder: string, entry: Dirent): string[] {
  if (entry.isDirectory()) return folder === '' && entry.name === TEMPORARY_FOLDER ? [] : [`${folder}${entry.name}/`]
  return entry.isFile() ? [folder + entry.name] : []
}
