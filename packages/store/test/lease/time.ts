import { setImmediate } from 'node:timers/promises'
import { type Runtime, systemRuntime } from '@millrace/base'
import type { ObjectStore } from '../../src/index.ts'

/** A clock that moves when a test says so, and then in the order of the sleepers. */
export interface PlayedTime {
  /** The clock as one process sees it. */
  process(): PlayedProcess
  /** A store whose calls the clock waits for. */
  awaited(store: ObjectStore): ObjectStore
  /** Lets so much time pass for all that runs. */
  pass(milliseconds: number): Promise<void>
}

export interface PlayedProcess {
  readonly runtime: Runtime
  /** Stopped by its machine: nothing of it runs until it is let go on. */
  pause(): void
  goOn(): void
}

interface Sleeper {
  readonly at: number
  readonly process: object
  wake(): void
}

export function playTime(): PlayedTime {
  let now = 0
  let underWay = 0
  const sleepers = new Set<Sleeper>()
  const paused = new Set<object>()
  const quiet = async () => {
    // Two turns in which nothing is under way: whoever could go on has done so.
    for (let turns = 0; turns < 2; turns = underWay > 0 ? 0 : turns + 1) await setImmediate()
  }
  const nextSleeper = (until: number) =>
    [...sleepers].filter(({ at, process }) => at <= until && !paused.has(process)).sort((a, b) => a.at - b.at)[0]
  return {
    process() {
      const process = {}
      return {
        runtime: { ...systemRuntime, monotonic: () => now, now: () => now, sleep },
        pause: () => void paused.add(process),
        goOn: () => void paused.delete(process),
      }
      function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
        return new Promise((resolve, reject) => {
          const sleeper = { at: now + Math.max(0, milliseconds), process, wake: resolve }
          const give = () => {
            sleepers.delete(sleeper)
            reject(signal?.reason)
          }
          if (signal?.aborted) return give()
          sleepers.add(sleeper)
          signal?.addEventListener('abort', give, { once: true })
        })
      }
    },
    awaited(store) {
      const count = async <T>(work: Promise<T>): Promise<T> => {
        underWay++
        try {
          return await work
        } finally {
          underWay--
        }
      }
      return {
        ...store,
        get: (key, range) => count(store.get(key, range)),
        put: (key, bytes) => count(store.put(key, bytes)),
        putIfAbsent: (key, bytes) => count(store.putIfAbsent(key, bytes)),
        delete: (key) => count(store.delete(key)),
        async *keys(prefix, after) {
          yield* await count(Array.fromAsync(store.keys(prefix, after)))
        },
      }
    },
    async pass(milliseconds) {
      const until = now + milliseconds
      await quiet()
      for (let sleeper = nextSleeper(until); sleeper; sleeper = nextSleeper(until)) {
        now = Math.max(now, sleeper.at)
        sleepers.delete(sleeper)
        sleeper.wake()
        await quiet()
      }
      now = until
    },
  }
}
