interface KeyHeaders {
  readonly authorization?: string | undefined
  readonly 'x-api-key'?: string | string[] | undefined
}

/** The key of a request: `X-Api-Key` as with API Gateway, the password of `Basic` as with REST proxies, or `Bearer`. */
export function presentedKey(headers: KeyHeaders): string | undefined {
  const own = headers['x-api-key']
  if (typeof own === 'string') return own
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(headers.authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  const [user = '', ...password] = Buffer.from(credentials, 'base64').toString().split(':')
  return password.join(':') || user
}
