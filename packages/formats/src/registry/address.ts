import { type Environment, holdsSecret, MillraceError, optionalSecret, readCertificate } from '@millrace/base'
import type { ApicurioIds } from './headers.ts'

export interface HttpRegistry {
  /** Which API it speaks: Confluent's, or Apicurio's own. */
  readonly kind: 'confluent' | 'apicurio'
  /** Without a slash at its end. */
  readonly url: string
  /** The certificate to trust, where it is none that Node trusts. */
  readonly ca?: Buffer
  /** Which of Apicurio's ids messages have. */
  readonly ids?: ApicurioIds
  /** Returns the header that says who asks; read anew for each request, for a token may be renewed. */
  readonly authorization: () => string | undefined
}

export interface GlueRegistry {
  readonly kind: 'glue'
  readonly url: string
  readonly region: string
  /** The registry's name. */
  readonly registry: string
}

export type RegistryAddress = HttpRegistry | GlueRegistry

/**
 * http(s)://host[:port][/path][?ca=FILE], Confluent's API or Apicurio's own (…/apis/registry/v3[?ids=content]), or
 * glue://REGION[/REGISTRY][?endpoint=URL]. The login comes from MILLRACE_REGISTRY_USERNAME and
 * MILLRACE_REGISTRY_PASSWORD, or from MILLRACE_REGISTRY_TOKEN (each or …_FILE); that of Glue from AWS's own chain.
 */
export function parseRegistryAddress(address: string, environment: Environment): RegistryAddress {
  const url = URL.parse(address)
  if (url === null || !['http:', 'https:', 'glue:'].includes(url.protocol)) {
    throw wrong(address, 'is no address like https://registry.example:8081')
  }
  if (url.username !== '' || url.password !== '' || holdsSecret(address)) {
    throw new MillraceError('SECRET_IN_URL', 'the address of the schema registry holds a login', {
      next: 'Put it into MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD, or MILLRACE_REGISTRY_TOKEN (or …_FILE).',
    })
  }
  return url.protocol === 'glue:' ? glueAddress(address, url) : httpAddress(address, url, environment)
}

function httpAddress(address: string, url: URL, environment: Environment): HttpRegistry {
  const isApicurio = /\/apis\/registry\/v\d+\/?$/.test(url.pathname)
  refuseOthers(address, url, isApicurio ? ['ca', 'ids'] : ['ca'])
  const [ca, ids] = [url.searchParams.get('ca'), url.searchParams.get('ids')]
  if (ids !== null && ids !== 'global' && ids !== 'content')
    throw wrong(address, 'has ids that are not global or content')
  return {
    kind: isApicurio ? 'apicurio' : 'confluent',
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...(ca !== null && { ca: readCertificate(ca, address) }),
    ...(ids !== null && { ids: `${ids}Ids` }),
    authorization: () => authorizationOf(environment),
  }
}

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/

function glueAddress(address: string, url: URL): GlueRegistry {
  refuseOthers(address, url, ['endpoint'])
  const region = url.hostname
  if (!REGION.test(region)) throw wrong(address, 'names no AWS region')
  const endpoint = url.searchParams.get('endpoint') ?? `https://glue.${region}.amazonaws.com`
  const at = URL.parse(endpoint)
  if (at === null || !['http:', 'https:'].includes(at.protocol)) throw wrong(address, 'has an endpoint that is no URL')
  const registry = decodeURIComponent(url.pathname.replace(/^\//, '')) || 'default-registry'
  return { kind: 'glue', url: at.origin, region, registry }
}

function refuseOthers(address: string, url: URL, known: readonly string[]): void {
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) throw wrong(address, `has a setting ${unknown}; there is only ${known.join(', ')}`)
}

function authorizationOf(environment: Environment): string | undefined {
  const token = optionalSecret('MILLRACE_REGISTRY_TOKEN', environment)
  if (token !== undefined) return `Bearer ${token}`
  const username = optionalSecret('MILLRACE_REGISTRY_USERNAME', environment)
  if (username === undefined) return undefined
  const password = optionalSecret('MILLRACE_REGISTRY_PASSWORD', environment) ?? ''
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `the schema registry ${address} ${why}`, {
    next: 'Write registry as http(s)://host:port/path, with ?ca=FILE for a certificate of your own, or glue://REGION/REGISTRY.',
  })
}
