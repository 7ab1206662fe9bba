import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { unlessAbsent } from '../folder.ts'

/** Hard links to cached files that belong to one reader. */
export interface Loan {
  take(path: string): Promise<string>
  end(): Promise<void>
}

/** How long a reader on another machine counts as alive. */
const FOREIGN_MS = 7 * 24 * 60 * 60 * 1000

export async function openLoan(cache: string): Promise<Loan> {
  const folder = join(cache, 'loans', `${process.pid}@${hostname()}@${randomUUID()}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let taken = 0
  return {
    async take(path) {
      const lent = join(folder, String(taken++))
      await link(path, lent)
      return lent
    },
    end: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Deletes the loans of processes that have ended. */
export async function endAbandonedLoans(cache: string, now: number): Promise<void> {
  const loans = join(cache, 'loans')
  for (const name of (await unlessAbsent(readdir(loans))) ?? []) {
    const [pid = '', host = ''] = name.split('@')
    const folder = join(loans, name)
    const isOver = host === hostname() ? !isAlive(Number(pid)) : await isOlderThan(folder, now - FOREIGN_MS)
    if (isOver) await rm(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function isOlderThan(folder: string, time: number): Promise<boolean> {
  const info = await unlessAbsent(stat(folder))
  return info !== undefined && info.mtimeMs < time
}
