import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MillraceError } from '@millrace/base'

/** In the store's root: files of writers that are under way, or died. No reader ever sees them. */
export const TEMPORARY_FOLDER = '.millrace-tmp'
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/** A synced file that is in no reader's sight yet, handed to `place` and removed after it. */
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

/** Creates `target` as another name of `temporary`. Never a rename: it would replace what is there in silence. */
export async function linkIfAbsent(temporary: string, target: string): Promise<'created' | 'exists'> {
  try {
    await inFolderOf(target, () => link(temporary, target))
  } catch (error) {
    const code = errorCode(error)
    // On a network file system the link may have been made and its answer lost.
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

/** Does what puts `target` there, whose folder is made where it lacks: nearly always it is there. */
export async function inFolderOf<T>(target: string, put: () => Promise<T>): Promise<T> {
  try {
    return await put()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeFolder(dirname(target))
    return put()
  }
}

/** With its parents, each of which will be there after a power cut. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncPath(dirname(made))
}

/** A file's bytes, or a folder's names. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What writers left that died more than a day ago. */
export async function sweepTemporaries(root: string, now: number): Promise<void> {
  const folder = join(root, TEMPORARY_FOLDER)
  for (const name of (await unlessAbsent(readdir(folder))) ?? []) {
    const path = join(folder, name)
    const info = await unlessAbsent(stat(path))
    const isAbandoned = info !== undefined && now - info.mtimeMs > ABANDONED_AFTER_MS
    // What another user left may be theirs alone to remove: it is in nobody's way.
    if (isAbandoned) await rm(path, { force: true }).catch(() => {})
  }
}

/** A folder in the place of a file and the reverse, links in a circle and names too long are no objects either. */
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
