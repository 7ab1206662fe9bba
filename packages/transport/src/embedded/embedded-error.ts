import { type ErrorCode, MillraceError } from '@millrace/base'

interface Meaning {
  /** Matches the code of the file system, or SQLite's text: an error loses its number between threads. */
  readonly says: RegExp
  readonly code: ErrorCode
  readonly why: string
  readonly next: string
}

const ANOTHER_FILE = 'Name the file of an embedded store, or one that is not there yet.'

const MEANINGS: readonly Meaning[] = [
  {
    says: /file is not a database|malformed database schema|already another table|no such (table|column)|no column named/,
    ...{
      code: 'SOURCE_ADDRESS',
      why: 'it is another kind of file, or of another release of Millrace',
      next: ANOTHER_FILE,
    },
  },
  { says: /EISDIR/, code: 'SOURCE_ADDRESS', why: 'it is a folder', next: ANOTHER_FILE },
  {
    says: /ENOTDIR|ENOENT|ENAMETOOLONG|ELOOP|unable to open/,
    ...{ code: 'SOURCE_ADDRESS', why: 'no file can be there', next: ANOTHER_FILE },
  },
  {
    says: /EACCES|EPERM|EROFS|readonly database/,
    ...{
      code: 'SOURCE_DENIED',
      why: 'it may not be written',
      next: 'Give this user the right to read and write there.',
    },
  },
  {
    says: /ENOSPC|EDQUOT|database or disk is full/,
    ...{ code: 'SOURCE_UNREACHABLE', why: 'no space is left there', next: 'Free some space.' },
  },
  {
    says: /image is malformed/,
    ...{
      code: 'SOURCE_DAMAGED',
      why: 'it is damaged',
      next: 'Restore the file from a backup, or begin with a new one.',
    },
  },
  {
    says: /database is locked/,
    ...{ code: 'SOURCE_UNREACHABLE', why: 'another process holds it', next: 'End that process, or try again later.' },
  },
]

/** Returns an error of SQLite or the file system as one that says what is wrong with the store's file. */
export function fromSqlite(thrown: unknown, path: string): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const { message, code = '' } = thrown as NodeJS.ErrnoException
  const meaning = MEANINGS.find(({ says }) => says.test(`${code} ${message}`))
  const said = `the embedded store ${path}: ${meaning ? `${meaning.why} (${message})` : message}`
  return new MillraceError(meaning?.code ?? 'SOURCE_UNREACHABLE', said, {
    cause: thrown,
    next: meaning?.next ?? 'Check the disk that the file is on.',
  })
}
