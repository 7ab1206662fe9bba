import { type Environment, hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'

export interface MysqlCdcAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** The tables to follow; undefined: all of the database. */
  readonly tables: readonly string[] | undefined
  readonly tls: { readonly ca?: Buffer } | 'Amazon RDS' | undefined
}

const DEFAULT_PORT = 3306
const AMAZON_RDS = /\.rds\.amazonaws\.com(\.cn)?$/
const SETTINGS = new Set(['tables', 'ssl', 'ca'])

/** Parses mysql-cdc://user@host[:port]/database[?tables=a,b][&ssl=true|false][&ca=file]; the password is in MYSQL_PWD. */
export function parseMysqlCdcAddress(address: string, environment: Environment): MysqlCdcAddress {
  const url = URL.parse(address)
  if (url === null || url.hostname === '') throw wrong(address, 'it names no host')
  if (url.password !== '') {
    throw new MillraceError('SECRET_IN_URL', 'the address of MySQL holds a password', {
      next: 'Take it out and put it into the environment as MYSQL_PWD.',
    })
  }
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) throw wrong(address, 'name one database after the host')
  for (const name of url.searchParams.keys()) {
    if (!SETTINGS.has(name)) throw wrong(address, `there is no setting ${name}; they are ${[...SETTINGS].join(', ')}`)
  }
  const tables = url.searchParams
    .get('tables')
    ?.split(',')
    .filter((name) => name !== '')
  return {
    host: hostOf(url),
    port: Number(url.port) || DEFAULT_PORT,
    user: decodeURIComponent(url.username) || 'root',
    password: environment.MYSQL_PWD,
    database,
    tables,
    tls: tlsOf(url, address),
  }
}

function tlsOf(url: URL, address: string): MysqlCdcAddress['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong(address, 'ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong(address, 'ssl=false and ca=FILE exclude each other')
  if (ssl === 'false') return undefined
  if (ca !== null) return { ca: readCertificate(ca, address) }
  if (AMAZON_RDS.test(url.hostname)) return 'Amazon RDS'
  return ssl === 'true' || !isLoopback(hostOf(url)) ? {} : undefined
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `${address}: ${why}`, {
    next: 'Such an address is mysql-cdc://user@host:3306/database?tables=a,b, with the password in MYSQL_PWD.',
  })
}
