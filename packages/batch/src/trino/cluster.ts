import { MillraceError } from '@millrace/base'
import { type ClusterColumn, type Login, type Page, pagesOf } from './statement.ts'

/** Progress of a statement as the cluster reports it. */
export interface Progress {
  readonly state: string
  /** Percentage from 0 to 100. */
  readonly percent: number
  readonly rows: number
  readonly nodes: number
}

export interface ClusterRows {
  readonly columns: readonly ClusterColumn[]
  readonly rows: readonly (readonly unknown[])[]
}

/** Trino cluster with the catalog of its Delta Lake connector for our lake. */
export interface Cluster {
  /** Address for messages. */
  readonly url: string
  readonly catalog: string
  /** Runs a statement. `schema` is the default schema of its names. */
  run(sql: string, schema?: string): Promise<ClusterRows>
  /** Runs a cleanup statement even if the run is to stop. */
  tidy(sql: string): Promise<ClusterRows>
}

/** Creates a client of the cluster without connecting to it. */
export function openCluster(address: string, onProgress: (progress: Progress) => void, signal: AbortSignal): Cluster {
  const login = { ...parseClusterAddress(address), password: process.env.TRINO_PASSWORD }
  if (login.password !== undefined && !login.server.startsWith('https:')) {
    throw new MillraceError('CONFIG_INVALID', `TRINO_PASSWORD would be sent to ${login.server} unencrypted`, {
      next: 'Write the address with https, or unset TRINO_PASSWORD.',
    })
  }
  const ask = async (sql: string, schema?: string, stop?: AbortSignal): Promise<ClusterRows> => {
    let columns: readonly ClusterColumn[] = []
    const rows: (readonly unknown[])[] = []
    stop?.throwIfAborted()
    for await (const page of pagesOf(login, sql, schema)) {
      stop?.throwIfAborted()
      if (page.error) throw failure(login, sql, page.error)
      columns = page.columns ?? columns
      for (const row of page.data ?? []) rows.push(row)
      if (page.stats) onProgress(progressOf(page.stats))
    }
    return { columns, rows }
  }
  return {
    url: login.server,
    catalog: login.catalog,
    run: (sql, schema) => ask(sql, schema, signal),
    tidy: (sql) => ask(sql),
  }
}

/** Parses `http://user@host:8080/catalog`. The password, if there is one, is in TRINO_PASSWORD. */
function parseClusterAddress(address: string): Omit<Login, 'password'> {
  const url = URL.parse(address)
  const catalog = url?.pathname.replace(/^\/|\/$/g, '') ?? ''
  if (!url || !/^https?:$/.test(url.protocol) || !/^\w+$/.test(catalog)) {
    throw new MillraceError('CONFIG_INVALID', 'the address of the Trino cluster names no catalog', {
      next: 'Such an address is http://user@host:8080/CATALOG, where CATALOG is one with the Delta Lake connector.',
    })
  }
  if (url.password !== '') {
    throw new MillraceError('SECRET_IN_URL', `the address of ${url.host} holds a password`, {
      next: 'Take it out of the address, and put it into TRINO_PASSWORD.',
    })
  }
  return { server: url.origin, user: decodeURIComponent(url.username) || 'millrace', catalog }
}

function progressOf({ state, nodes, processedRows, progressPercentage = 0 }: NonNullable<Page['stats']>): Progress {
  return { state, percent: progressPercentage, rows: processedRows, nodes }
}

function failure({ server }: Login, sql: string, { message, errorName, errorType }: NonNullable<Page['error']>) {
  const [first = ''] = sql.trim().split('\n')
  const next = errorType === 'USER_ERROR' ? {} : { next: "Look at the cluster's own page for the query." }
  return new MillraceError('QUERY_FAILED', `${server}: ${errorName}: ${message} (${first})`, next)
}
