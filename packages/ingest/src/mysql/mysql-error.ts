import { mysqlErrors } from '@millrace/transport'

export const fromMysql = mysqlErrors({
  denied: 'Check the user, its rights, and MYSQL_PWD.',
  missing: 'SOURCE_ADDRESS',
  missingNext: 'Name the database in the address, and a table with another name as ?DATASET=TABLE.',
})

/** Returns whether the connection was lost, so that a retry may succeed. */
export function isGone(thrown: unknown): boolean {
  const { code = '', fatal = false } = thrown as { code?: string; fatal?: boolean }
  return fatal && (code === 'PROTOCOL_CONNECTION_LOST' || code === 'ER_SERVER_SHUTDOWN' || /^E[A-Z]+$/.test(code))
}
