import { unsuited } from './postgres-error.ts'
import type { Server } from './server.ts'

export interface ServerFacts {
  /** The number that a server and its standbys have from their making. */
  readonly systemId: string
  /** 150004 for 15.4. */
  readonly version: number
}

const OLDEST = 140_000

/** Fails where the server's log would not tell all that is needed. */
export async function checkServer(server: Server): Promise<ServerFacts> {
  const [row] = await server.rows(
    `SELECT system_identifier, current_setting('server_version_num'), current_setting('wal_level'), pg_is_in_recovery(),
       current_setting('server_version') FROM pg_control_system()`,
  )
  const [systemId, version, level, isStandby, words] = row ?? []
  if (Number(version) < OLDEST) {
    throw unsuited(`it is PostgreSQL ${words}`, 'Bring it to version 14 or a newer one.')
  }
  if (isStandby === 't') throw unsuited('it is a standby', 'Name its primary.')
  if (level !== 'logical') {
    throw unsuited(
      `wal_level is ${level}`,
      "ALTER SYSTEM SET wal_level = 'logical', and start the server anew (on RDS: rds.logical_replication = 1 in the parameter group).",
    )
  }
  return { systemId: systemId ?? '', version: Number(version) }
}
