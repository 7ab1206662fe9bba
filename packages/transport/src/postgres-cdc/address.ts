import { type PostgresServer, parsePostgresServer } from '../postgres/server-address.ts'

export interface PostgresCdcAddress extends PostgresServer {
  /** Where tables are whose names have no schema. */
  readonly schema: string
  /** The tables to follow, as schema.table; undefined: all of the schema. */
  readonly tables: readonly string[] | undefined
  /** A publication of the user's own, which is left as it is. */
  readonly publication: string | undefined
  /** The name of the slot; undefined: it is made of the group's. */
  readonly slot: string | undefined
}

const FORM = {
  scheme: 'postgres-cdc',
  example: 'postgres-cdc://user@host:5432/database?tables=a,b',
  settings: ['tables', 'schema', 'publication', 'slot'],
  code: 'SOURCE_ADDRESS',
} as const

/** Parses postgres-cdc://user@host[:port]/database[?tables=a,b], with the settings of every server of PostgreSQL. */
export function parsePostgresCdcAddress(address: string): PostgresCdcAddress {
  const { server, settings } = parsePostgresServer(address, FORM)
  const schema = settings.get('schema') ?? 'public'
  const tables = settings
    .get('tables')
    ?.split(',')
    .filter((name) => name !== '')
    .map((name) => (name.includes('.') ? name : `${schema}.${name}`))
  return {
    ...{ ...server, schema, tables },
    publication: settings.get('publication') ?? undefined,
    slot: settings.get('slot') ?? undefined,
  }
}
