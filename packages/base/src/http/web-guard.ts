import { isIP } from 'node:net'
import { isLoopback } from './loopback.ts'

/** The parts of a request that the guard checks; Node's IncomingMessage has them. */
export interface GuardedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Names and values in turn, as they came: a header that came twice is there twice. */
  readonly rawHeaders: readonly string[]
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface GuardRefusal {
  readonly status: 400 | 403
  readonly message: string
}

export interface GuardedServer {
  /** The host that the server listens on. */
  readonly host: string
  /** Names under which it is reached besides, such as that of a proxy before it. */
  readonly names?: readonly string[]
}

/**
 * Refuses what a page of another site has a browser send: to a name that is not the server's (DNS rebinding), or with
 * the origin of another site. A server that others can reach has names that it does not know; it asks for a key, which
 * a browser does not have.
 */
export function webGuard({ host, names = [] }: GuardedServer): (request: GuardedRequest) => GuardRefusal | undefined {
  const known = new Set(['localhost', host, ...names].map((name) => name.toLowerCase()))
  const anyName = !isLoopback(host) && names.length === 0
  return (request) => {
    const authority = authorityOf(request)
    if (typeof authority === 'object') return authority
    if (authority !== undefined) {
      const name = nameIn(authority)
      if (name === undefined) return { status: 400, message: 'the Host header is not a host' }
      if (!anyName && !isOwnName(name, known)) return { status: 403, message: 'this is not the name of this server' }
    }
    return isOfOtherSite(request, authority)
      ? { status: 403, message: 'pages of other sites may not ask this server' }
      : undefined
  }
}

/** Host and port as the client wrote them; undefined where HTTP/1.0 has none. */
function authorityOf({ url = '', rawHeaders }: GuardedRequest): string | undefined | GuardRefusal {
  let authority: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue
    if (authority !== undefined) return { status: 400, message: 'there is more than one Host header' }
    authority = rawHeaders[i + 1]
  }
  if (url.startsWith('/') || url === '*') return authority
  const inUrl = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
  if (inUrl !== undefined && inUrl.toLowerCase() === authority?.toLowerCase()) return authority
  return { status: 400, message: 'the address of the request is not that of its Host header' }
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([^\s[\]:/?#@,]+))(?::\d{1,5})?$/i

function nameIn(authority: string): string | undefined {
  const [, v6, name] = AUTHORITY.exec(authority) ?? []
  return (v6 ?? name)?.toLowerCase()
}

/** No site can make an IP address lead elsewhere. */
function isOwnName(name: string, known: ReadonlySet<string>): boolean {
  return known.has(name) || name.endsWith('.localhost') || isIP(name) > 0
}

function isOfOtherSite({ method, headers }: GuardedRequest, authority: string | undefined): boolean {
  const { origin } = headers
  if (origin !== undefined && !isSameOrigin(String(origin), authority)) return true
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  // Somebody followed a link to here: the other site does not see the answer.
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return !(isVisit && method === 'GET')
}

function isSameOrigin(origin: string, authority: string | undefined): boolean {
  const from = /^https?:\/\/([^/?#]+)$/i.exec(origin)?.[1]
  return from !== undefined && from.toLowerCase() === authority?.toLowerCase()
}
