import { chmod, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MillraceError, makeSweptFolder } from '@millrace/base'

/**
 * Makes a file that is there under its name once all of it is written, and not before. `make` writes it in a folder
 * beside that is closed to others. The file is for its owner only, unless one of theirs is there: then it keeps its
 * mode. A symbolic link is never followed: in a shared folder somebody may have put it there.
 */
export async function withOutputPath<T>(file: string, make: (path: string) => Promise<T>): Promise<T> {
  const mode = await modeFor(file)
  const folder = await privateFolderIn(dirname(file), file)
  try {
    const unfinished = join(folder, basename(file))
    const result = await make(unfinished)
    await chmod(unfinished, mode)
    await rename(unfinished, file)
    return result
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same, written part by part. */
export function withOutputFile(
  file: string,
  write: (sink: (part: string | Uint8Array) => Promise<void>) => Promise<unknown>,
): Promise<void> {
  return withOutputPath(file, async (path) => {
    await using handle = await open(path, 'wx', 0o600)
    await write(async (part) => {
      await handle.writeFile(part)
    })
  })
}

/** For a file that is written to as it is. What leads to a device or a pipe, such as /dev/stdout, is no harm. */
export async function refuseLink(file: string): Promise<void> {
  const there = await lstat(file).catch(() => undefined)
  if (!there?.isSymbolicLink() || file.startsWith('/dev/')) return
  const target = await stat(file).catch(() => undefined)
  if (target === undefined || target.isFile()) throw isLink(file)
}

const PRIVATE = 0o600

async function modeFor(file: string): Promise<number> {
  const there = await lstat(file).catch(() => undefined)
  if (there === undefined) return PRIVATE
  if (there.isSymbolicLink()) throw isLink(file)
  if (!there.isFile()) throw refused(file, 'is no file', 'Name a file; without -o the output goes to standard output.')
  return process.getuid === undefined || there.uid === process.getuid() ? there.mode & 0o777 : PRIVATE
}

async function privateFolderIn(parent: string, file: string): Promise<string> {
  try {
    return await makeSweptFolder(parent, '.millrace-')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be written to'
    throw new MillraceError('USAGE', `${file}: the folder ${parent} ${why}`, {
      cause,
      next: 'Name a folder that is there and that you may write to.',
    })
  }
}

function isLink(file: string): MillraceError {
  return refused(file, 'is a symbolic link', 'Name the file that it leads to, or another.')
}

function refused(file: string, why: string, next: string): MillraceError {
  return new MillraceError('USAGE', `${file} ${why}`, { next })
}
