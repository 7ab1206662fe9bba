import { hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'
import { readService, type Service } from './service-file.ts'

/** A database of PostgreSQL, and how to log in there. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** Of a service file; without it there are PGPASSWORD and the passfile. */
  readonly password?: string
  /** The certificate to trust (undefined: those that Node trusts), or false for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer } | false
}

/** What differs between the addresses of such a database. */
export interface PostgresAddressForm {
  readonly scheme: string
  /** An address as it is written, for people. */
  readonly example: string
  /** Settings besides service, ssl and ca. */
  readonly settings: readonly string[]
  readonly code: 'OUTPUT_ADDRESS' | 'SOURCE_ADDRESS'
}

const DEFAULT_PORT = 5432

/**
 * Parses SCHEME://user@host[:port]/database[?service=NAME][&ssl=true|false][&ca=FILE][&SETTING=VALUE]…. What the address
 * leaves out is looked up in the service. TLS is on unless the server is on this machine; the password comes from the
 * service file, PGPASSWORD or the passfile.
 */
export function parsePostgresServer(
  address: string,
  form: PostgresAddressForm,
): { readonly server: PostgresServer; readonly settings: URLSearchParams } {
  const wrong = (why: string) =>
    new MillraceError(form.code, `${address}: ${why}`, {
      next: `Such an address is ${form.example}, with the password in PGPASSWORD, a passfile or a service file.`,
    })
  const url = URL.parse(address)
  if (url === null || !address.startsWith(`${form.scheme}://`)) throw wrong('it names no host')
  if (url.password !== '' || url.searchParams.has('password')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of PostgreSQL holds a password', {
      next: 'Take it out and put it into the environment as PGPASSWORD, or into the passfile that PGPASSFILE names.',
    })
  }
  const known = [...form.settings, 'service', 'ssl', 'ca']
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) throw wrong(`there is no setting ${unknown}; they are ${known.join(', ')}`)
  const name = url.searchParams.get('service') ?? process.env.PGSERVICE
  const service: Service = name === undefined ? {} : readService(name, address)
  const host = hostOf(url) || service.host
  if (host === undefined) throw wrong('it names no host')
  const database = decodeURIComponent(url.pathname.slice(1)) || service.dbname
  if (database === undefined || database.includes('/')) throw wrong('name one database after the host')
  const server = {
    host,
    port: Number(url.port || service.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || service.user || 'postgres',
    database,
    tls: tlsOf(url, host, address, wrong),
    ...(service.password !== undefined && { password: service.password }),
  }
  return { server, settings: url.searchParams }
}

function tlsOf(url: URL, host: string, address: string, wrong: (why: string) => MillraceError): PostgresServer['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong('ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong('ssl=false and ca=FILE exclude each other')
  if (ca !== null) return { ca: readCertificate(ca, address) }
  return (ssl === null ? !isLoopback(host) : ssl === 'true') ? {} : false
}

/** Returns what the client library needs to connect and log in. */
export function postgresLogin({ host, port, user, database, tls, password }: PostgresServer) {
  return {
    ...{ host, port, user, database, application_name: 'millrace', keepAlive: true },
    ...(password !== undefined && { password }),
    // With its host: else a server that is named by its number would be taken for localhost.
    ssl: tls && { ...tls, host },
  }
}
