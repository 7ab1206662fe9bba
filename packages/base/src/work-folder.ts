import { randomUUID } from 'node:crypto'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from './errors.ts'

const PREFIX = 'millrace-work-'

/** Opens a folder for temporary files, for its owner only; it is deleted at the end, or swept later after a kill. */
export async function openWorkFolder(): Promise<{ path: string; close(): Promise<void> }> {
  const path = await makeSweptFolder(tmpdir(), PREFIX).catch(refuseForRoom)
  return { path, close: () => rm(path, { recursive: true, force: true }) }
}

/** Returns a path for a work folder that the caller creates and deletes. After a kill it is cleaned up like any other. */
export function workFolderPath(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-${randomUUID()}`)
}

/** Creates a folder of this process in `parent`, and deletes those of the same prefix whose process is gone. */
export async function makeSweptFolder(parent: string, prefix: string): Promise<string> {
  await sweepAbandoned(parent, prefix)
  return mkdtemp(join(parent, `${prefix}${process.pid}-`))
}

function refuseForRoom(cause: unknown): never {
  throw new MillraceError('STORE_FAILED', `no folder for temporary files can be made in ${tmpdir()}`, {
    cause,
    next: 'Free some space there, or name another folder by TMPDIR.',
  })
}

/** Deletes folders of dead processes. The parent may be shared: one that cannot be deleted is left. */
async function sweepAbandoned(parent: string, prefix: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  const abandoned = names.filter((name) => {
    const owner = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined
    return owner !== undefined && !isRunning(Number(owner))
  })
  await Promise.allSettled(abandoned.map((name) => removeOwn(join(parent, name))))
}

async function removeOwn(folder: string): Promise<void> {
  const info = await lstat(folder)
  const isOurs = info.isDirectory() && (process.getuid === undefined || info.uid === process.getuid())
  if (isOurs) await rm(folder, { recursive: true, force: true })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
