import { MillraceError } from '@millrace/base'

const DENIED = /^ER_(.*ACCESS_DENIED.*|SECURE_TRANSPORT_REQUIRED)$/
const LOG_LOST = 'ER_MASTER_FATAL_ERROR_READING_BINLOG'

const RIGHTS =
  'GRANT SELECT ON its tables, and REPLICATION SLAVE and BINLOG MONITOR (MySQL: REPLICATION CLIENT) ON *.*, to this user; check MYSQL_PWD.'
const LOST =
  'Keep the log longer there (binlog_expire_logs_seconds; on RDS: binlog retention hours). The table can be read anew with a new group.'

/** Returns the error by its code: what a later call can heal, and what it can't. */
export function fromMysql(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof MillraceError) return thrown
  const { code = '', errno } = thrown as NodeJS.ErrnoException
  const said = `${doing}: ${thrown.message || code}`
  if (DENIED.test(code) || errno === 1227) {
    return new MillraceError('SOURCE_DENIED', said, { cause: thrown, next: RIGHTS })
  }
  if (code === LOG_LOST || errno === 1236) {
    return new MillraceError('OFFSET_OUT_OF_RANGE', said, { cause: thrown, next: LOST })
  }
  if (/certificate/i.test(thrown.message)) {
    return new MillraceError('SOURCE_UNREACHABLE', said, { cause: thrown, next: 'Name the one to trust: ?ca=FILE.' })
  }
  if (code === 'ER_NO_SUCH_TABLE' || code === 'ER_BAD_DB_ERROR') {
    return new MillraceError('TOPIC_MISSING', said, { cause: thrown })
  }
  return new MillraceError('SOURCE_UNREACHABLE', said, { cause: thrown })
}
