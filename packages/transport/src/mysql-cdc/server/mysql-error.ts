import { MillraceError } from '@millrace/base'
import { mysqlErrors } from '../../mysql/mysql-error.ts'

const known = mysqlErrors({
  denied:
    'GRANT SELECT ON its tables, and REPLICATION SLAVE and BINLOG MONITOR (MySQL: REPLICATION CLIENT) ON *.*, to this user; check MYSQL_PWD.',
  missing: 'TOPIC_MISSING',
})

/** Returns an error of ours. A column that is gone was there a moment ago, when it was asked for: the next call asks for others. */
export function fromMysql(thrown: unknown, doing: string): unknown {
  if (thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'ER_BAD_FIELD_ERROR') {
    return new MillraceError('SOURCE_UNREACHABLE', `${doing}: ${thrown.message}`, { cause: thrown })
  }
  return known(thrown, doing)
}
