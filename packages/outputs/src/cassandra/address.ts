import { hostOf, isLoopback, MillraceError, readCertificate } from '@millrace/base'

export interface CassandraAddress {
  /** host:port of the nodes that are asked for the others. */
  readonly contactPoints: readonly string[]
  readonly user: string | undefined
  readonly keyspace: string
  /** Columns of the primary key, for a data set that has none of its own. */
  readonly key: readonly string[]
  /** The data center whose nodes are asked; undefined: those of all. */
  readonly dataCenter: string | undefined
  /** Copies of a keyspace that is made; undefined: three, or as many as there are nodes. */
  readonly replication: number | undefined
  /** The certificate to trust (undefined: those that Node trusts), or false for connections without TLS. */
  readonly tls: { readonly ca?: Buffer } | false
}

const DEFAULT_PORT = 9042
const SETTINGS = new Set(['primaryKey', 'dc', 'replication', 'ssl', 'ca'])
const FORM =
  'Such an address is cassandra://user@host:9042/keyspace?primaryKey=COLUMN, with the password in CASSANDRA_PASSWORD.'

/** Parses cassandra://[user@]host[:port][,host…]/keyspace[?primaryKey=COLUMN,…][&dc=NAME][&replication=N][&ssl=true|false][&ca=FILE]. */
export function parseCassandraAddress(address: string): CassandraAddress {
  const [, scheme = '', login = '', hosts = '', rest = ''] =
    /^(cassandra:\/\/)([^/@]*@)?([^/?]*)(.*)$/.exec(address) ?? []
  const [first = '', ...others] = hosts.split(',')
  const url = URL.parse(`${scheme}${login}${first}${rest}`)
  if (url === null || url.hostname === '') throw wrong(address, 'it names no host')
  if (url.password !== '' || url.searchParams.has('password')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of Cassandra holds a password', {
      next: 'Take it out and put it into the environment as CASSANDRA_PASSWORD.',
    })
  }
  const unknown = [...url.searchParams.keys()].find((name) => !SETTINGS.has(name))
  if (unknown !== undefined)
    throw wrong(address, `there is no setting ${unknown}; they are ${[...SETTINGS].join(', ')}`)
  const keyspace = decodeURIComponent(url.pathname.slice(1))
  if (!/^\w{1,48}$/.test(keyspace)) throw wrong(address, 'name a keyspace after the host: letters, digits and _')
  const replication = url.searchParams.get('replication')
  if (replication !== null && !/^[1-9]\d?$/.test(replication)) throw wrong(address, 'replication is a number from 1')
  return {
    contactPoints: [url, ...others.map((host) => hostIn(host, address))].map(pointOf),
    user: decodeURIComponent(url.username) || undefined,
    keyspace,
    key: (url.searchParams.get('primaryKey') ?? '').split(',').filter((column) => column !== ''),
    dataCenter: url.searchParams.get('dc') ?? undefined,
    replication: replication === null ? undefined : Number(replication),
    tls: tlsOf(url, address),
  }
}

function hostIn(host: string, address: string): URL {
  const url = URL.parse(`cassandra://${host}`)
  if (url === null || url.hostname === '' || url.username !== '') throw wrong(address, `${host} is no host`)
  return url
}

const pointOf = (url: URL) => `${hostOf(url)}:${url.port || DEFAULT_PORT}`

function tlsOf(url: URL, address: string): CassandraAddress['tls'] {
  const [ssl, ca] = [url.searchParams.get('ssl'), url.searchParams.get('ca')]
  if (ssl !== null && ssl !== 'true' && ssl !== 'false') throw wrong(address, 'ssl is true or false')
  if (ssl === 'false' && ca !== null) throw wrong(address, 'ssl=false and ca=FILE exclude each other')
  if (ca !== null) return { ca: readCertificate(ca, address) }
  return (ssl === null ? !isLoopback(hostOf(url)) : ssl === 'true') ? {} : false
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('OUTPUT_ADDRESS', `${address}: ${why}`, { next: FORM })
}
