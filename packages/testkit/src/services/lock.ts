import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200

/**
 * Runs alone among all processes that name this file. SQLite's lock is the kernel's: it is free again the moment
 * its holder dies, which no lock made of a file's existence can promise.
 */
export async function alone<Result>(
  lockFile: string,
  waiting: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const database = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    let isFree = tryLock(database)
    if (!isFree) waiting()
    while (!isFree) {
      await sleep(POLL_MS)
      isFree = tryLock(database)
    }
    return await work()
  } finally {
    database.close()
  }
}

const SQLITE_BUSY = 5

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
    throw error
  }
}
