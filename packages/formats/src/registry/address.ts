import { type Environment, holdsSecret, MillraceError, optionalSecret, readCertificate } from '@millrace/base'

export interface RegistryAddress {
  /** Without a slash at its end. */
  readonly url: string
  /** The certificate to trust, where it is none that Node trusts. */
  readonly ca?: Buffer
  /** Returns the header that says who asks; read anew for each request, for a token may be renewed. */
  readonly authorization: () => string | undefined
}

/**
 * http(s)://host[:port][/path][?ca=FILE]. The login comes from MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD,
 * or from MILLRACE_REGISTRY_TOKEN (each or …_FILE).
 */
export function parseRegistryAddress(address: string, environment: Environment): RegistryAddress {
  const url = URL.parse(address)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw wrong(address, 'is no address like https://registry.example:8081')
  }
  if (url.username !== '' || url.password !== '' || holdsSecret(address)) {
    throw new MillraceError('SECRET_IN_URL', 'the address of the schema registry holds a login', {
      next: 'Put it into MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD, or MILLRACE_REGISTRY_TOKEN (or …_FILE).',
    })
  }
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'ca')
  if (unknown !== undefined) throw wrong(address, `has a setting ${unknown}; there is only ca`)
  const ca = url.searchParams.get('ca')
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...(ca !== null && { ca: readCertificate(ca, address) }),
    authorization: () => authorizationOf(environment),
  }
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
    next: 'Write registry as http(s)://host:port/path, with ?ca=FILE for a certificate of your own.',
  })
}
