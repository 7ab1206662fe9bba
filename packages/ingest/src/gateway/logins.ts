import type { Runtime } from '@millrace/base'
import type { Client, Keys } from './keys.ts'
import { RefusedRequest, refuse } from './refusal.ts'

/** Accepts clients with a known key, and slows down clients that guess. */
export interface Logins {
  /** Returns whose key it is; throws when nobody's, or when too many unknown ones came from the address. */
  enter(address: string, key: string | undefined, keys: Keys): Client
}

const MOST_FAILURES = 10
const WINDOW_MS = 60_000
/** Remembers this many addresses; beyond it the oldest are forgotten. */
const REMEMBERED = 10_000

interface Failures {
  count: number
  readonly until: number
}

/**
 * An address that sent too many unknown keys gets in with none for a minute, but for clients that came from there
 * before: behind a proxy, one client's guesses do not lock out the others.
 */
export function openLogins({ monotonic }: Pick<Runtime, 'monotonic'>): Logins {
  const failures = new Map<string, Failures>()
  const welcome = new Set<string>()
  const failed = (address: string) => {
    const before = failures.get(address)
    if (before && before.until > monotonic()) before.count++
    else failures.set(address, { count: 1, until: monotonic() + WINDOW_MS })
    if (failures.size > REMEMBERED) failures.delete(failures.keys().next().value as string)
  }
  return {
    enter(address, key, keys) {
      if (key === undefined) throw refuse(401, 'a key is needed', 40101)
      const client = keys.ownerOf(key)
      const visit = client && `${address} ${client.name}`
      if (client && visit && welcome.has(visit)) return client
      const { count, until } = failures.get(address) ?? { count: 0, until: 0 }
      if (count >= MOST_FAILURES && until > monotonic()) throw tooMany(until - monotonic())
      if (!client || !visit) {
        failed(address)
        throw refuse(403, 'this key is not known', 40301)
      }
      welcome.add(visit)
      if (welcome.size > REMEMBERED) welcome.delete(welcome.values().next().value as string)
      return client
    },
  }
}

function tooMany(waitMs: number): RefusedRequest {
  const message = 'too many unknown keys came from this address'
  return new RefusedRequest({ status: 429, code: 42903, message, retryAfter: Math.ceil(waitMs / 1000) })
}
