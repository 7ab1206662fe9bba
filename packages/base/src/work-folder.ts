import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from './errors.ts'

const NAME = /^millrace-work-(\d+)-/

/** A folder for what is under way: for its owner only, and gone at the end. Ours of killed processes go now. */
export async function openWorkFolder(): Promise<{ path: string; close(): Promise<void> }> {
  await sweepAbandoned(tmpdir())
  const path = await mkdtemp(join(tmpdir(), `millrace-work-${process.pid}-`)).catch(refuseForRoom)
  return { path, close: () => rm(path, { recursive: true, force: true }) }
}

function refuseForRoom(cause: unknown): never {
  throw new MillraceError('STORE_FAILED', `no folder for temporary files can be made in ${tmpdir()}`, {
    cause,
    next: 'Free some space there, or name another folder by TMPDIR.',
  })
}

/** The temp folder belongs to everybody: whatever lies there that can't be removed must not stop us. */
async function sweepAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  const abandoned = names.filter((name) => {
    const owner = NAME.exec(name)?.[1]
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
