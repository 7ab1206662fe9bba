import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MillraceError } from '@millrace/base'

/** The folder in the store's root for unfinished files. Listings leave it out. */
export const TEMPORARY_FOLDER = '.millrace-tmp'
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/** Writes and syncs a temporary file, hands it to `place`, and removes it afterwards. */
export async function withTemporary<T>(
  root: string,
  fill: (file: FileHandle) => Promise<unknown>,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = join(root, TEMPORARY_FOLDER, randomUUID())
  try {
    const file = await inFolderOf(temporary, () => open(temporary, 'wx'))
    try {
      await fill(file)
      await file.sync()
    } finally {
      await file.close()
    }
    return await place(temporary)
  } finally {
    await unlessAbsent(unlink(temporary))
  }
}

export async function copyInto(file: FileHandle, localPath: string): Promise<void> {
  await file.writeFile(createReadStream(localPath, { highWaterMark: 1024 * 1024 }))
}

/** Links `temporary` to `target`. A rename would silently replace an existing file. */
export async function linkIfAbsent(temporary: string, target: string): Promise<'created' | 'exists'> {
  try {
    await inFolderOf(target, () => link(temporary, target))
  } catch (error) {
    const code = errorCode(error)
    // On a network file system the link may have been made and the answer lost.
    if (code === 'EEXIST') return (await stat(temporary)).nlink > 1 ? 'created' : 'exists'
    const why = NO_LINKS[code ?? '']
    if (why) throw new MillraceError('STORE_UNSUITABLE', `${target}: ${why}`, { cause: error })
    throw error
  }
  await syncPath(dirname(target))
  return 'created'
}

const NO_HARD_LINKS = 'this file system has no hard links, so nothing can be created atomically'
const NO_LINKS: Readonly<Record<string, string>> = {
  EPERM: NO_HARD_LINKS,
  ENOTSUP: NO_HARD_LINKS,
  EOPNOTSUPP: NO_HARD_LINKS,
  ENOSYS: NO_HARD_LINKS,
  EXDEV: 'a lake must lie on one file system',
}

/** Calls `put`; creates the target's folder and calls it again if the folder was missing. */
export async function inFolderOf<T>(target: string, put: () => Promise<T>): Promise<T> {
  try {
    return await put()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeFolder(dirname(target))
    return put()
  }
}

/** Creates the folder and its parents, and syncs each, so that they survive a power cut. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncPath(dirname(made))
}

/** Syncs a file's bytes, or a folder's entries. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Deletes temporary files of writers that died more than a day ago. */
export async function sweepTemporaries(root: string, now: number): Promise<void> {
  const folder = join(root, TEMPORARY_FOLDER)
  for (const name of (await unlessAbsent(readdir(folder))) ?? []) {
    const path = join(folder, name)
    const info = await unlessAbsent(stat(path))
    const isAbandoned = info !== undefined && now - info.mtimeMs > ABANDONED_AFTER_MS
    // A file of another user that cannot be removed does no harm.
    if (isAbandoned) await rm(path, { force: true }).catch(() => {})
  }
}

/** A folder in place of a file and the reverse, circular links and names too long are no objects either. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'])

export async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (ABSENT.has(errorCode(error) ?? '')) return undefined
    throw error
  }
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
