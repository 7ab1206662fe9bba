import { type PostgresServer, parsePostgresServer } from '@millrace/transport'

export interface PostgresAddress extends PostgresServer {
  readonly schema: string
}

const FORM = {
  scheme: 'postgres',
  example: 'postgres://user@host:5432/database?schema=public',
  settings: ['schema'],
  code: 'OUTPUT_ADDRESS',
} as const

/** Parses postgres://user@host[:port]/database[?schema=NAME], with the settings of every server of PostgreSQL. */
export function parsePostgresAddress(address: string): PostgresAddress {
  const { server, settings } = parsePostgresServer(address, FORM)
  return { ...server, schema: settings.get('schema') ?? 'public' }
}
