import { MillraceError, type Runtime } from '@millrace/base'

type Write = () => Promise<unknown>

const [FIRST, FEWEST, MOST] = [64, 4, 256]
const TRIES = 6
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 2_000]

/**
 * Returns what makes writes, so many at once as the cluster takes. A write that the cluster is too busy for is made
 * again after a pause, and then half as many are made at once; each that passes makes room for a bit more. The same
 * write may be made twice.
 */
export function boundedWrites({ random, sleep }: Pick<Runtime, 'random' | 'sleep'>) {
  let limit = FIRST
  const untilPassed = async (write: Write): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await write()
        limit = Math.min(MOST, limit + 1 / limit)
        return
      } catch (error) {
        if (!(error instanceof MillraceError) || !error.retry || tries === TRIES) throw error
        limit = Math.max(FEWEST, limit / 2)
        await sleep(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** tries) * (0.5 + random() / 2))
      }
    }
  }
  return async (portions: AsyncIterable<readonly Write[]>): Promise<void> => {
    const failures: unknown[] = []
    let underWay = 0
    let ended = Promise.withResolvers<void>()
    const start = (write: Write) => {
      underWay++
      void untilPassed(write)
        .catch((error: unknown) => failures.push(error))
        .finally(() => {
          underWay--
          ended.resolve()
        })
    }
    const until = async (wanted: () => boolean) => {
      while (!wanted()) {
        ended = Promise.withResolvers()
        await ended.promise
      }
    }
    for await (const portion of portions) {
      for (const write of portion) {
        if (underWay >= limit) await until(() => underWay < limit)
        if (failures.length > 0) break
        start(write)
      }
      if (failures.length > 0) break
    }
    await until(() => underWay === 0)
    if (failures.length > 0) throw failures[0]
  }
}
