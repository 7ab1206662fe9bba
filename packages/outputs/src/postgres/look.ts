import { MillraceError } from '@millrace/base'
import { parsePostgresAddress } from './address.ts'
import { openSession } from './session.ts'

/** Returns the server's version and what the login may do; throws where it can't be filled. */
export async function lookAtPostgres(address: string): Promise<string> {
  const { host, port, user, database, schema, tls, ...rest } = parsePostgresAddress(address)
  const what = `PostgreSQL at ${host}:${port}/${database}`
  const session = openSession({ host, port, user, database, schema, tls, ...rest }, what)
  try {
    const { rows } = await session.query(
      `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
         (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS creates,
         has_database_privilege(current_database(), 'CREATE') AS makes`,
      [schema],
    )
    const { version, standby, creates, makes } = rows[0] ?? {}
    if (standby === true) throw new MillraceError('OUTPUT_DENIED', `${what} is a standby, which takes no rows`)
    if (creates === null && makes !== true) {
      throw new MillraceError('OUTPUT_DENIED', `${what}: there is no schema ${schema}, and ${user} may not make one`)
    }
    const tables = creates === false ? `, ${user} may make no table in ${schema}` : ''
    return `PostgreSQL ${version}, ${tls ? 'TLS' : 'no TLS'}${tables}`
  } finally {
    await session.drop()
  }
}
