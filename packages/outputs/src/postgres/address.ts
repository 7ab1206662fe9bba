import { hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'
import { readService, type Service } from './service-file.ts'

export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly schema: string
  /** Of a service file; without it there are PGPASSWORD and the passfile. */
  readonly password?: string
  /** The certificate to trust (undefined: those that Node trusts), or false for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer } | false
}

const DEFAULT_PORT = 5432
const SETTINGS = new Set(['schema', 'service', 'ssl', 'ca'])
const FORM =
  'Such an address is postgres://user@host:5432/database?schema=public, with the password in PGPASSWORD, a passfile or a service file.'

/**
 * Parses postgres://user@host[:port]/database[?schema=NAME][&service=NAME][&ssl=true|false][&ca=FILE]. What the address
 * leaves out is looked up in the service. TLS is on unless the server is on this machine; the password comes from the
 * service file, PGPASSWORD or the passfile.
 */
export function parsePostgresAddress(address: string): PostgresAddress {
  const url = URL.parse(address)
  if (url === null || !address.startsWith('postgres://')) throw wrong(address, 'it names no host')
  if (url.password !== '' || url.searchParams.has('password')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of PostgreSQL holds a password', {
      next: 'Take it out and put it into the environment as PGPASSWORD, or into the passfile that PGPASSFILE names.',
    })
  }
  const unknown = [...url.searchParams.keys()].find((name) => !SETTINGS.has(name))
  if (unknown !== undefined)
    throw wrong(address, `there is no setting ${unknown}; they are ${[...SETTINGS].join(', ')}`)
  const name = url.searchParams.get('service') ?? process.env.PGSERVICE
  const service: Service = name === undefined ? {} : readService(name, address)
  const host = hostOf(url) || service.host
  if (host === undefined) throw wrong(address, 'it names no host')
  const database = decodeURIComponent(url.pathname.slice(1)) || service.dbname
  if (database === undefined || database.includes('/')) throw wrong(address, 'name one database after the host')
  return {
    host,
    port: Number(url.port || service.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || service.user || 'postgres',
    database,
    schema: url.searchParams.get('schema') ?? 'public',
    tls: tlsOf(url, host, address),
    ...(service.password !== undefined && { password: service.password }),
  }
}

function tlsOf(url: URL, host: string, address: string): PostgresAddress['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong(address, 'ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong(address, 'ssl=false and ca=FILE exclude each other')
  if (ca !== null) return { ca: readCertificate(ca, address) }
  return (ssl === null ? !isLoopback(host) : ssl === 'true') ? {} : false
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('OUTPUT_ADDRESS', `${address}: ${why}`, { next: FORM })
}
