import { temporaryFolder } from '@millrace/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { fileStore } from '../../src/file.ts'
import { type Leases, memoryStore, type ObjectStore, openLeases } from '../../src/index.ts'
import { type PlayedProcess, playTime } from './time.ts'

const EXPIRY_MS = 10_000
const SHARDS = ['s/1', 's/2', 's/3', 's/4', 's/5', 's/6']

describe.each([
  ['in memory', async () => memoryStore()],
  ['in a folder', async () => fileStore(await temporaryFolder())],
] as const)('leases %s', (_, openStore) => {
  const enders: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of enders.splice(0)) await end()
  })

  async function openGroup() {
    const time = playTime()
    const store = await openStore()
    const workers: TestWorker[] = []
    const join = async (names: readonly string[] = SHARDS) => {
      const worker = joinGroup(time.awaited(store), time.process())
      workers.push(worker)
      enders.push(worker.kill)
      const shared = worker.leases.share(names)
      await time.pass(0)
      await shared
      return worker
    }
    const alive = () => workers.filter((worker) => worker.alive())
    return {
      time,
      store,
      join,
      shares: () => alive().map(({ mine }) => mine.size),
      held: () =>
        alive()
          .flatMap(({ mine }) => [...mine])
          .sort(),
    }
  }

  it('are all of the only worker, at once', async () => {
    const { join } = await openGroup()
    expect([...(await join()).mine].sort()).toEqual(SHARDS)
  })

  it('are shared evenly with those who come later, each by one only', async () => {
    const { time, join, shares, held } = await openGroup()
    await join()
    await join()
    await time.pass(2 * EXPIRY_MS)
    expect(shares()).toEqual([3, 3])
    await join()
    await join()
    await time.pass(2 * EXPIRY_MS)
    expect(shares().toSorted()).toEqual([1, 1, 2, 2])
    expect(held()).toEqual(SHARDS)
  })

  it('are shared evenly by those who start together', async () => {
    const { time, join, shares, held } = await openGroup()
    await Promise.all([join(), join(), join()])
    await time.pass(2 * EXPIRY_MS)
    expect(shares()).toEqual([2, 2, 2])
    expect(held()).toEqual(SHARDS)
  })

  it('are not moved about once they are shared evenly', async () => {
    const { time, join } = await openGroup()
    const [one, other] = [await join(SHARDS.slice(1)), await join(SHARDS.slice(1))]
    await time.pass(2 * EXPIRY_MS)
    const before = [[...one.mine], [...other.mine]]
    await time.pass(10 * EXPIRY_MS)
    expect([[...one.mine], [...other.mine]]).toEqual(before)
  })

  it('of a worker that died are taken over by the others, no sooner than it is known to be dead', async () => {
    const { time, join, shares, held } = await openGroup()
    const first = await join()
    await join()
    await join()
    await time.pass(2 * EXPIRY_MS)
    await first.kill()
    await time.pass(EXPIRY_MS / 2)
    expect(shares()).toEqual([2, 2])
    await time.pass(EXPIRY_MS)
    expect(shares()).toEqual([3, 3])
    expect(held()).toEqual(SHARDS)
  })

  it('of a worker that died are not called anybody’s, nor everything settled, before that is known', async () => {
    const { time, join } = await openGroup()
    const first = await join()
    await first.kill()
    const next = await join()
    expect(next.reported()).toBe(false)
    await time.pass(2 * EXPIRY_MS)
    expect([...next.mine].sort()).toEqual(SHARDS)
  })

  it('of a worker that was paused are not somebody else’s to itself: alone, it is told of all at once', async () => {
    const { time, join } = await openGroup()
    const first = await join()
    await first.kill()
    const next = await join()
    await time.pass(EXPIRY_MS * 0.5)
    next.pause()
    await time.pass(EXPIRY_MS * 0.6)
    next.goOn()
    while (!next.reported()) await time.pass(EXPIRY_MS / 20)
    expect([...next.mine].sort()).toEqual(SHARDS)
  })

  it('of a worker that lost them are followed by word of what it has now, were it nothing', async () => {
    const { time, join } = await openGroup()
    const first = await join(['s/1'])
    const second = await join(['s/1'])
    first.pause()
    await time.pass(2 * EXPIRY_MS)
    expect(second.mine.size).toBe(1)
    first.forget()
    first.goOn()
    await time.pass(EXPIRY_MS)
    expect(first.mine.size).toBe(0)
    expect(first.reported()).toBe(true)
  })

  it('of which somebody else was faster to take one are not all that there is: that is looked at again', async () => {
    const { time, store, join } = await openGroup()
    const put = store.putIfAbsent
    let stolen = false
    store.putIfAbsent = async (key, bytes) => {
      if (!stolen) await put(key, new TextEncoder().encode('{"holder":"somebody, who died then"}'))
      stolen = true
      return put(key, bytes)
    }
    const worker = await join()
    expect(worker.reported()).toBe(false)
    await time.pass(EXPIRY_MS)
    expect([...worker.mine].sort()).toEqual(SHARDS)
  })

  it('that others have leave a newcomer with nothing, and it is told so', async () => {
    const { time, join } = await openGroup()
    await join(['s/1'])
    const next = await join(['s/1'])
    await time.pass(EXPIRY_MS)
    expect(next.reported()).toBe(true)
    expect(next.mine.size).toBe(0)
  })

  it('are given up by a worker that was paused for longer than they last, before it does anything else', async () => {
    const { time, join, held } = await openGroup()
    const first = await join()
    const second = await join()
    await time.pass(2 * EXPIRY_MS)
    first.pause()
    await time.pass(2 * EXPIRY_MS)
    expect([...second.mine].sort()).toEqual(SHARDS)
    expect(first.mine.size).toBe(3)
    first.goOn()
    await time.pass(0)
    expect(first.mine.size).toBe(0)
    await time.pass(3 * EXPIRY_MS)
    expect(first.mine.size).toBe(3)
    expect(held()).toEqual(SHARDS)
  })

  it('are given up after half their time by a worker whose store does not answer any more', async () => {
    const { time, store, join } = await openGroup()
    const first = await join()
    const put = store.put
    store.put = () => Promise.reject(new Error('no route'))
    await time.pass(EXPIRY_MS * 0.4)
    expect(first.mine.size).toBe(6)
    await time.pass(EXPIRY_MS * 0.4)
    expect(first.mine.size).toBe(0)
    store.put = put
    await time.pass(3 * EXPIRY_MS)
    expect(first.mine.size).toBe(6)
  })

  it('are handed back on a clean stop: nobody waits for them to expire', async () => {
    const { time, store, join, held } = await openGroup()
    const first = await join()
    await first.leases.close()
    await first.kill()
    await join()
    await time.pass(0)
    expect(held()).toEqual(SHARDS)
    expect(await Array.fromAsync(store.keys('group/workers/'))).toHaveLength(1)
  })

  it('move only when who had them has let go of them', async () => {
    const { time, join } = await openGroup()
    const first = await join()
    const letGo = Promise.withResolvers<void>()
    first.letsGoWhen(letGo.promise)
    const second = await join()
    await time.pass(3 * EXPIRY_MS)
    expect(second.mine.size).toBe(0)
    letGo.resolve()
    await time.pass(EXPIRY_MS)
    expect([first.mine.size, second.mine.size]).toEqual([3, 3])
  })

  it('that are finished weigh nothing, and all know of them while their holder lives', async () => {
    const { time, join } = await openGroup()
    const [first, second] = [await join(), await join()]
    await time.pass(2 * EXPIRY_MS)
    for (const name of first.mine) first.leases.finish(name, true)
    const finished = [...first.mine]
    await time.pass(2 * EXPIRY_MS)
    expect([first.mine.size, second.mine.size]).toEqual([4, 2])
    expect(finished.every((name) => second.leases.finished(name))).toBe(true)
    await first.kill()
    await time.pass(2 * EXPIRY_MS)
    expect([...second.mine].sort()).toEqual(SHARDS)
    expect(finished.some((name) => second.leases.finished(name))).toBe(false)
  })

  it('come and go with what there is to share', async () => {
    const { time, store, join, held } = await openGroup()
    const [first, second] = [await join(['s/1', 's/2']), await join(['s/1', 's/2'])]
    await time.pass(2 * EXPIRY_MS)
    for (const { leases } of [first, second]) {
      const shared = leases.share(['s/2', 's/3', 's/4', 's/5'])
      await time.pass(0)
      await shared
    }
    await time.pass(2 * EXPIRY_MS)
    expect([first.mine.size, second.mine.size]).toEqual([2, 2])
    expect(held()).toEqual(['s/2', 's/3', 's/4', 's/5'])
    expect(await Array.fromAsync(store.keys('group/leases/s%2F1/'))).toEqual([])
  })

  it('that only one worker wants are its own, however many workers there are', async () => {
    const { time, join } = await openGroup()
    const first = await join(['a/1', 'a/2', 'b/1', 'b/2'])
    const second = await join(['b/1', 'b/2'])
    await time.pass(2 * EXPIRY_MS)
    expect([...first.mine]).toEqual(expect.arrayContaining(['a/1', 'a/2']))
    expect([first.mine.size, second.mine.size]).toEqual([3, 1])
  })

  it('leave little behind, however often they change hands', async () => {
    const { time, store, join } = await openGroup()
    for (let times = 0; times < 5; times++) {
      const worker = await join()
      await time.pass(2 * EXPIRY_MS)
      if (times % 2 === 0) await worker.leases.close()
      await worker.kill()
    }
    await join()
    await time.pass(20 * EXPIRY_MS)
    expect((await Array.fromAsync(store.keys('group/leases/'))).length).toBeLessThanOrEqual(2 * SHARDS.length)
    expect(await Array.fromAsync(store.keys('group/workers/'))).toHaveLength(1)
  })
})

interface TestWorker {
  readonly leases: Leases
  readonly mine: ReadonlySet<string>
  /** Whether it has been told for the first time what is its own. */
  reported(): boolean
  /** As if it had not been told anything yet. */
  forget(): void
  letsGoWhen(ready: Promise<void>): void
  alive(): boolean
  pause(): void
  goOn(): void
  /** It ends as a process does that is killed. */
  kill(): Promise<void>
}

function joinGroup(store: ObjectStore, { runtime, pause, goOn }: PlayedProcess): TestWorker {
  const mine = new Set<string>()
  let [isAlive, reported] = [true, false]
  let ready: Promise<void> = Promise.resolve()
  const listener = {
    async gained(names: readonly string[]) {
      reported = true
      for (const name of names) mine.add(name)
    },
    async lost(names: readonly string[]) {
      await ready
      for (const name of names) mine.delete(name)
    },
  }
  return {
    leases: openLeases(store, 'group', { listener, expiryMs: EXPIRY_MS }, runtime),
    mine,
    reported: () => reported,
    forget() {
      reported = false
    },
    letsGoWhen(promise) {
      ready = promise
    },
    alive: () => isAlive,
    pause,
    goOn,
    async kill() {
      isAlive = false
      pause()
    },
  }
}
