import { type Environment, hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'

/** A database of MySQL or MariaDB, and how to log in there. */
export interface MysqlServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** TLS settings, or undefined for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer } | 'Amazon RDS' | undefined
}

/** What differs between the addresses of such a database. */
export interface MysqlAddressForm {
  /** An address as it is written, for people. */
  readonly example: string
  /** Settings besides ssl and ca. */
  readonly settings: readonly string[]
}

const DEFAULT_PORT = 3306
const AMAZON_RDS = /\.rds\.amazonaws\.com(\.cn)?$/

/**
 * Parses SCHEME://user@host[:port]/database[?ssl=true|false][&ca=file][&SETTING=VALUE]…. TLS is on unless the server is
 * on this machine; the password comes from MYSQL_PWD.
 */
export function parseMysqlServer(
  address: string,
  form: MysqlAddressForm,
  environment: Environment,
): { readonly server: MysqlServer; readonly settings: URLSearchParams } {
  const wrong = (why: string) =>
    new MillraceError('SOURCE_ADDRESS', `${address}: ${why}`, {
      next: `Such an address is ${form.example}, with the password in MYSQL_PWD.`,
    })
  const url = URL.parse(address)
  if (url === null || url.hostname === '') throw wrong('it names no host')
  if (url.password !== '') {
    throw new MillraceError('SECRET_IN_URL', 'the address of MySQL holds a password', {
      next: 'Take it out and put it into the environment as MYSQL_PWD.',
    })
  }
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) throw wrong('name one database after the host')
  const known = ['ssl', 'ca', ...form.settings]
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) throw wrong(`there is no setting ${name}; they are ${known.join(', ')}`)
  }
  const server = {
    host: hostOf(url),
    port: Number(url.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || 'root',
    password: environment.MYSQL_PWD,
    database,
    tls: tlsOf(url, address, wrong),
  }
  return { server, settings: url.searchParams }
}

function tlsOf(url: URL, address: string, wrong: (why: string) => MillraceError): MysqlServer['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong('ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong('ssl=false and ca=FILE exclude each other')
  if (ssl === 'false') return undefined
  if (ca !== null) return { ca: readCertificate(ca, address) }
  if (AMAZON_RDS.test(url.hostname)) return 'Amazon RDS'
  return ssl === 'true' || !isLoopback(hostOf(url)) ? {} : undefined
}

/** Returns what the client library needs to connect and log in. */
export function mysqlLogin({ host, port, user, password, tls }: MysqlServer) {
  return {
    ...{ host, port, user, charset: 'utf8mb4' },
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { ssl: tls === 'Amazon RDS' ? tls : { ...tls, verifyIdentity: true } }),
  }
}
