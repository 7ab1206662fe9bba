import { MillraceError } from '@millrace/base'

const DENIED = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR'])
const NOT_THERE = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ER_BAD_FIELD_ERROR'])

export function fromMysql(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof MillraceError) return thrown
  const { code = '' } = thrown as NodeJS.ErrnoException
  const said = `${doing}: ${thrown.message || code}`
  const detail = { cause: thrown }
  if (DENIED.has(code)) {
    return new MillraceError('SOURCE_DENIED', said, { ...detail, next: 'Check the user, its rights, and MYSQL_PWD.' })
  }
  if (NOT_THERE.has(code)) {
    return new MillraceError('SOURCE_ADDRESS', said, {
      ...detail,
      next: 'Name the database in the address, and a table with another name as ?DATASET=TABLE.',
    })
  }
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return new MillraceError('SOURCE_UNREACHABLE', said, { ...detail, next: 'Switch TLS on there, or add ?ssl=false.' })
  }
  if (code === 'ER_SECURE_TRANSPORT_REQUIRED') {
    return new MillraceError('SOURCE_DENIED', said, { ...detail, next: 'Take ?ssl=false out, or put ?ssl=true in.' })
  }
  if (/certificate/i.test(thrown.message)) {
    return new MillraceError('SOURCE_UNREACHABLE', said, { ...detail, next: 'Name the one to trust: ?ca=FILE.' })
  }
  return new MillraceError('SOURCE_UNREACHABLE', said, detail)
}

/** Returns whether the connection was lost, so that a retry may succeed. */
export function isGone(thrown: unknown): boolean {
  const { code = '', fatal = false } = thrown as { code?: string; fatal?: boolean }
  return fatal && (code === 'PROTOCOL_CONNECTION_LOST' || code === 'ER_SERVER_SHUTDOWN' || /^E[A-Z]+$/.test(code))
}
