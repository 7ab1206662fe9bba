import { hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'

export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** TLS settings, or undefined for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer } | 'Amazon RDS' | undefined
  readonly tableOf: (dataset: string) => string
}

type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_PORT = 3306
const AMAZON_RDS = /\.rds\.amazonaws\.com(\.cn)?$/
const SETTINGS = new Set(['ssl', 'ca'])

/**
 * Parses mysql://user@host[:port]/database[?ssl=true|false][&ca=file][&DATASET=TABLE]…. A parameter with the name of a
 * data set names its table. TLS is on unless the server is on this machine; the password comes from MYSQL_PWD.
 */
export function parseMysqlAddress(
  address: string,
  datasets: readonly string[],
  tables: Readonly<Record<string, string>>,
  environment: Environment,
): MysqlAddress {
  const url = URL.parse(address)
  if (url === null || url.hostname === '') throw wrong(address, 'write mysql://user@host:3306/database')
  if (url.password !== '') {
    throw new MillraceError('SECRET_IN_URL', 'the address of MySQL holds a password', {
      next: 'Take it out and put it into the environment as MYSQL_PWD.',
    })
  }
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) throw wrong(address, 'name one database after the host')
  for (const name of url.searchParams.keys()) {
    if (!SETTINGS.has(name) && !datasets.includes(name)) {
      throw wrong(address, `there is no setting ${name}; they are ${[...SETTINGS, ...datasets].join(', ')}`)
    }
  }
  return {
    host: hostOf(url),
    port: Number(url.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || 'root',
    password: environment.MYSQL_PWD,
    database,
    tls: tlsOf(url, address),
    tableOf: (dataset) => url.searchParams.get(dataset) ?? tables[dataset] ?? dataset,
  }
}

function tlsOf(url: URL, address: string): MysqlAddress['tls'] {
  const ssl = url.searchParams.get('ssl')
  const ca = url.searchParams.get('ca')
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong(address, 'ssl is true or false')
  if (ssl === 'false' && ca === null) return undefined
  if (ssl === 'false') throw wrong(address, 'ssl=false and ca=FILE exclude each other')
  if (ca !== null) return { ca: readCertificate(ca, address) }
  if (AMAZON_RDS.test(url.hostname)) return 'Amazon RDS'
  return ssl === 'true' || !isLoopback(hostOf(url)) ? {} : undefined
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `${address}: ${why}`, {
    next: 'Such an address is mysql://user@host:3306/database, with the password in MYSQL_PWD.',
  })
}
