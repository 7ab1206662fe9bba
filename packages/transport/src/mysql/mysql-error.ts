import { type ErrorCode, MillraceError } from '@millrace/base'

/** What depends on what is read there: tables, or the log of their changes. */
export interface MysqlAdvice {
  /** What to do where the user may not read. */
  readonly denied: string
  /** The code where the database or table is not there, and what to do then. */
  readonly missing: ErrorCode
  readonly missingNext?: string
}

const DENIED = /^ER_.*ACCESS_DENIED.*$/
const NOT_THERE = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ER_BAD_FIELD_ERROR'])
const LOG_LOST = 'ER_MASTER_FATAL_ERROR_READING_BINLOG'
const KEEP_LOG =
  'Keep the log longer there (binlog_expire_logs_seconds; on RDS: binlog retention hours). The table can be read anew with a new group.'

/** Returns what makes an error of ours of the client library's or the server's: by its code a later call can heal it or can't. */
export function mysqlErrors(advice: MysqlAdvice): (thrown: unknown, doing: string) => unknown {
  return (thrown, doing) =>
    thrown instanceof Error && !(thrown instanceof MillraceError) ? fromMysql(thrown, doing, advice) : thrown
}

function fromMysql(thrown: Error, doing: string, advice: MysqlAdvice): MillraceError {
  const { code = '', errno } = thrown as NodeJS.ErrnoException
  const error = (as: ErrorCode, next?: string) =>
    new MillraceError(as, `${doing}: ${thrown.message || code}`, { cause: thrown, ...(next !== undefined && { next }) })
  if (code === 'ER_SECURE_TRANSPORT_REQUIRED') {
    return error('SOURCE_DENIED', 'Take ?ssl=false out, or put ?ssl=true in.')
  }
  if (DENIED.test(code) || errno === 1227) return error('SOURCE_DENIED', advice.denied)
  if (code === LOG_LOST || errno === 1236) return error('OFFSET_OUT_OF_RANGE', KEEP_LOG)
  if (NOT_THERE.has(code)) return error(advice.missing, advice.missingNext)
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return error('SOURCE_UNREACHABLE', 'Switch TLS on there, or add ?ssl=false.')
  }
  if (/certificate/i.test(thrown.message)) return error('SOURCE_UNREACHABLE', 'Name the one to trust: ?ca=FILE.')
  return error('SOURCE_UNREACHABLE')
}
