import { hash } from 'node:crypto'
import { refuse } from './refusal.ts'

/** The Idempotency-Keys of late, and which request each of them stands for. */
export interface KnownKeys {
  /** Refuses a key that came with another body before. */
  check(topic: string, key: string, body: Buffer): void
  /** Nothing of the request was stored: the key may stand for another. */
  forget(topic: string, key: string): void
}

/** Some 20 MB of them at the most. */
const KEPT = 50_000

export function openKnownKeys(kept = KEPT): KnownKeys {
  const bodies = new Map<string, string>()
  return {
    check(topic, key, body) {
      const name = `${topic} ${key}`
      const digest = hash('sha256', body, 'base64')
      const known = bodies.get(name)
      if (known !== undefined && known !== digest) throw reused(key)
      // Whatever came last is forgotten last.
      bodies.delete(name)
      bodies.set(name, digest)
      if (bodies.size > kept) bodies.delete(bodies.keys().next().value as string)
    },
    forget: (topic, key) => void bodies.delete(`${topic} ${key}`),
  }
}

function reused(key: string) {
  return refuse(422, `Idempotency-Key ${key} came with another body before; a new request needs a key of its own`)
}
