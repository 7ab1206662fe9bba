import { setTimeout as sleep } from 'node:timers/promises'

/** Time, chance and crash points, handed in so that a test can play any of them. */
export interface Runtime {
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** A clock that never jumps, in milliseconds. */
  monotonic(): number
  /** Returns a random number in [0, 1). */
  random(): number
  uuid(): string
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** Names a place where a test may kill the process. */
  crashPoint(name: string): void
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}),
  crashPoint: () => {},
}
