import { createHash, timingSafeEqual } from 'node:crypto'
import { MillraceError } from '@millrace/base'

/** Whose keys open the gateway. Of the keys themselves only hashes are kept. */
export interface Keys {
  /** The name under which a presented key is known. */
  ownerOf(key: string): string | undefined
}

export interface KeyHash {
  readonly name: string
  readonly hash: Buffer
}

const HASHED = /^sha256:([0-9a-f]{64})$/i

/** Keys are long and random, so one round of SHA-256 hides them; a password would need a slow hash. */
function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** A key as it is written down: hashed, or in plain. */
export function readKey(written: string, name: string): KeyHash {
  const hashed = HASHED.exec(written)?.[1]
  if (hashed === undefined && written.startsWith('sha256:')) {
    throw new MillraceError('CONFIG_INVALID', `the key of ${name} is no hash: sha256: and 64 hexadecimal digits`)
  }
  return { name, hash: hashed === undefined ? hashKey(written) : Buffer.from(hashed, 'hex') }
}

export function openKeys(hashes: readonly KeyHash[]): Keys {
  return {
    ownerOf(key) {
      const presented = hashKey(key)
      let owner: string | undefined
      // All of them, whichever fits: how long it takes tells nothing.
      for (const { name, hash } of hashes) if (timingSafeEqual(hash, presented)) owner = name
      return owner
    },
  }
}

interface AuthHeaders {
  readonly authorization?: string | undefined
  readonly 'x-api-key'?: string | string[] | undefined
}

/** As clients of REST proxies (Basic), of API Gateway (X-Api-Key) and everybody else (Bearer) present a key. */
export function presentedKey(headers: AuthHeaders): string | undefined {
  const own = headers['x-api-key']
  if (typeof own === 'string') return own
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(headers.authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  const [user = '', ...password] = Buffer.from(credentials, 'base64').toString().split(':')
  return password.join(':') || user
}
