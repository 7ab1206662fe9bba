import { closeSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '@millrace/base'
import { fromSqlite } from './embedded-error.ts'

/**
 * Makes the store's file where there is none, for its owner only; SQLite gives the files beside it the same mode.
 * A symbolic link is not followed: in a shared folder somebody may have put it there.
 */
export function prepareFile(path: string): void {
  makeFolder(path)
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST' ? lstatSync(path) : undefined
    if (there?.isSymbolicLink()) throw isLink(path)
    if (!there?.isFile()) throw fromSqlite(there?.isDirectory() ? IS_FOLDER : error, path)
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fromSqlite((error as NodeJS.ErrnoException).code === 'EEXIST' ? IN_FILE : error, path)
  }
}

const IN_FILE = Object.assign(new Error('a file is where its folder has to be'), { code: 'ENOTDIR' })
const IS_FOLDER = Object.assign(new Error('a folder'), { code: 'EISDIR' })

function isLink(path: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `the embedded store ${path} is a symbolic link`, {
    next: 'Name the file that it leads to.',
  })
}
