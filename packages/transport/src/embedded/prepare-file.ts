import { closeSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '@millrace/base'

/**
 * Makes the store's file where there is none, for its owner only; SQLite gives the files beside it the same mode.
 * A symbolic link is not followed: in a shared folder somebody may have put it there.
 */
export function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (lstatSync(path).isSymbolicLink()) throw isLink(path)
  }
}

function isLink(path: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `the embedded store ${path} is a symbolic link`, {
    next: 'Name the file that it leads to.',
  })
}
