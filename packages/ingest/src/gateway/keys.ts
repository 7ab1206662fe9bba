import { createHash, timingSafeEqual } from 'node:crypto'
import { MillraceError, weaknessOf } from '@millrace/base'
import { type Grant, USUAL_GRANTS } from './grants.ts'

/** The owner of a key. */
export interface Client {
  readonly name: string
  readonly grants: readonly Grant[]
}

/** The keys that open the gateway. Only their hashes are kept. */
export interface Keys {
  /** The client that a presented key belongs to. */
  ownerOf(key: string): Client | undefined
}

export interface KeyHash extends Client {
  readonly hash: Buffer
}

const HASHED = /^sha256:([0-9a-f]{64})$/i

/** Keys are long and random, so one round of SHA-256 hides them; a password would need a slow hash. */
function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** Reads a key as it is written down: hashed, or in plain. */
export function readKey(written: string, name: string, grants: readonly Grant[] = USUAL_GRANTS): KeyHash {
  const hashed = HASHED.exec(written)?.[1]
  if (hashed !== undefined) return { name, grants, hash: Buffer.from(hashed, 'hex') }
  if (written.startsWith('sha256:')) {
    throw new MillraceError('CONFIG_INVALID', `the key of ${name} is no hash: sha256: and 64 hexadecimal digits`)
  }
  const weakness = weaknessOf(written)
  if (weakness !== undefined) {
    throw new MillraceError('CONFIG_INVALID', `the key of ${name} is weak: ${weakness}`, {
      next: 'Make one by `openssl rand -hex 32`.',
    })
  }
  return { name, grants, hash: hashKey(written) }
}

export function openKeys(hashes: readonly KeyHash[]): Keys {
  return {
    ownerOf(key) {
      const presented = hashKey(key)
      let owner: Client | undefined
      // All are compared, whichever fits: how long it takes says nothing.
      for (const known of hashes) if (timingSafeEqual(known.hash, presented)) owner = known
      return owner
    },
  }
}
