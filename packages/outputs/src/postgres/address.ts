import { hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'

export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly schema: string
  /** The certificate to trust (undefined: those that Node trusts), or false for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer } | false
}

const DEFAULT_PORT = 5432
const SETTINGS = new Set(['schema', 'ssl', 'ca'])
const FORM =
  'Such an address is postgres://user@host:5432/database?schema=public, with the password in PGPASSWORD or a passfile.'

/**
 * Parses postgres://user@host[:port]/database[?schema=NAME][&ssl=true|false][&ca=FILE]. TLS is on unless the server is
 * on this machine; the password comes from PGPASSWORD or from the passfile.
 */
export function parsePostgresAddress(address: string): PostgresAddress {
  const url = URL.parse(address)
  if (url === null || url.hostname === '') throw wrong(address, 'it names no host')
  if (url.password !== '' || url.searchParams.has('password')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of PostgreSQL holds a password', {
      next: 'Take it out and put it into the environment as PGPASSWORD, or into the passfile that PGPASSFILE names.',
    })
  }
  const unknown = [...url.searchParams.keys()].find((name) => !SETTINGS.has(name))
  if (unknown !== undefined)
    throw wrong(address, `there is no setting ${unknown}; they are ${[...SETTINGS].join(', ')}`)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) throw wrong(address, 'name one database after the host')
  return {
    host: hostOf(url),
    port: Number(url.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || 'postgres',
    database,
    schema: url.searchParams.get('schema') ?? 'public',
    tls: tlsOf(url, address),
  }
}

function tlsOf(url: URL, address: string): PostgresAddress['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong(address, 'ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong(address, 'ssl=false and ca=FILE exclude each other')
  if (ca !== null) return { ca: readCertificate(ca, address) }
  return (ssl === null ? !isLoopback(hostOf(url)) : ssl === 'true') ? {} : false
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('OUTPUT_ADDRESS', `${address}: ${why}`, { next: FORM })
}
