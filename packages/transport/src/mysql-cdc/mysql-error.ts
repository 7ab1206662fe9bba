import { mysqlErrors } from '../mysql-error.ts'

export const fromMysql = mysqlErrors({
  denied:
    'GRANT SELECT ON its tables, and REPLICATION SLAVE and BINLOG MONITOR (MySQL: REPLICATION CLIENT) ON *.*, to this user; check MYSQL_PWD.',
  missing: 'TOPIC_MISSING',
})
