import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { liveness, readiness } from '../src/health.ts'
import { watchWorker } from '../src/index.ts'
import { committed, handClock, PARTITION, pin, read, STARTED, WORKER } from './kit.ts'

const MINUTE = 60_000

function started() {
  const clock = handClock()
  const watch = watchWorker(WORKER, clock.runtime)
  watch.on(STARTED)
  const health = () => [liveness(watch.state()).ok, readiness(watch.state()).ok]
  return { ...clock, watch, health }
}

describe("a worker's state", () => {
  it('is starting until it has partitions, then caught up at the end of what there is', () => {
    const { watch, runtime, pass, health } = started()
    expect(watch.state().sentence).toBe('starting')
    expect(health()).toEqual([true, false])
    watch.on(pin.assigned)
    watch.on(read(runtime.now() - 400, 0))
    expect(watch.state()).toMatchObject({ phase: 'caught up', sentence: 'caught up, 0.4 s behind' })
    watch.on(pin.batch)
    watch.on(committed())
    watch.on(pin.released)
    pass(1000)
    expect(watch.state().sentence).toBe('caught up, 0.0 s behind')
    expect(watch.state().datasets[0]).toMatchObject({ lag: { records: 0, seconds: 0 }, held: { batches: 0, bytes: 0 } })
    expect(health()).toEqual([true, true])
  })

  it('is catching up while the source has more than two seconds of reading, and says how long it will take', () => {
    const { watch, runtime, pass } = started()
    watch.on(pin.assigned)
    pass(1000)
    watch.on(read(runtime.now() - 5 * MINUTE, 5_000))
    expect(watch.state().phase).toBe('catching up')
    expect(watch.state().sentence).toBe('catching up: 5,100 records to go, 100 records/s, about 51 s left')
    expect(watch.state().datasets[0]?.bottleneck).toBe('fetch')
  })

  it('is catching up while batches queue up to be committed, even if nothing is left to read', () => {
    const { watch, runtime } = started()
    watch.on(pin.assigned)
    watch.on(read(runtime.now() - MINUTE, 0))
    watch.on(pin.batch)
    expect(watch.state().phase).toBe('caught up')
    watch.on(pin.batch)
    expect(watch.state()).toMatchObject({ phase: 'catching up' })
    watch.on(pin.released)
    expect(watch.state().phase).toBe('caught up')
  })

  it('takes a source that is silent for one read for slow, and for ended after some', () => {
    const { watch, runtime } = started()
    watch.on(pin.assigned)
    watch.on(read(runtime.now(), 5_000))
    watch.on(pin.idle)
    expect(watch.state().datasets[0]?.lag.records).toBe(5_100)
    for (let i = 0; i < 3; i++) watch.on(pin.idle)
    expect(watch.state().datasets[0]?.lag.records).toBe(100)
  })

  it('waits, alive but not ready, for as long as it takes, and says what for, since when and what is held', () => {
    const { watch, runtime, pass, health } = started()
    watch.on(pin.assigned)
    watch.on(read(runtime.now(), 0, 12_000_000))
    watch.on(pin.batch)
    for (let hour = 0; hour < 60; hour++) {
      watch.on(pin.waits)
      pass(MINUTE)
    }
    expect(watch.state().sentence).toBe('waiting for S3: 503 since 14:02 UTC, nothing lost, 12 MB held')
    expect(health()).toEqual([true, false])
    watch.on(pin.goesOn)
    expect(health()).toEqual([true, true])
  })

  it('is stuck when a batch under way has not moved for longer than the bound, whatever is read meanwhile', () => {
    const { watch, runtime, pass, health } = started()
    watch.on(pin.assigned)
    watch.on(read(runtime.now(), 0))
    watch.on(pin.batch)
    pass(5 * MINUTE)
    expect(health()).toEqual([true, true])
    pass(2 * MINUTE)
    watch.on(pin.idle)
    expect(health()).toEqual([false, false])
    expect(watch.state().sentence).toBe('stuck: in pin nothing has moved for 7 min')
    watch.on({ dataset: 'pin', what: 'stage', stage: 'upload', ms: 1 })
    expect(health()).toEqual([true, true])
  })

  it('is stuck when it asks its source no more, but not when it has no partition or no room', () => {
    const silent = started()
    silent.watch.on(pin.assigned)
    silent.pass(6 * MINUTE)
    expect(silent.watch.state().phase).toBe('stuck')

    const without = started()
    without.watch.on(pin.assigned)
    without.watch.on({ dataset: 'pin', what: 'revoked', partitions: [PARTITION] })
    without.pass(6 * MINUTE)
    expect(without.watch.state().sentence).toBe('idle: other workers of the group have all partitions')

    const full = started()
    full.watch.on(pin.assigned)
    full.watch.on(read(full.runtime.now(), 0, 200 << 20))
    full.pass(6 * MINUTE)
    expect(full.watch.state().phase).toBe('caught up')
  })

  it('keeps the newest samples and commits, and counts reasons, each within bounds', () => {
    const { watch } = started()
    const sample = { topic: 'pin', partition: '0', offset: '1', reason: 'not JSON', value: '<script>' }
    for (let i = 0; i < 200; i++) {
      watch.on(committed({ version: i, quarantined: 2, reasons: new Map([[`reason ${i}`, 2]]), samples: [sample] }))
    }
    const [dataset] = watch.state().datasets
    expect(dataset?.commits).toHaveLength(30)
    expect(dataset?.commits[0]?.version).toBe(199)
    expect(dataset?.quarantine.samples).toHaveLength(20)
    expect(dataset?.quarantine.reasons).toHaveLength(51)
    expect(dataset?.quarantine.reasons[0]).toEqual({ reason: 'other', records: 300 })
    expect(dataset?.quarantine.total).toBe(400)
    expect(dataset?.latency).toEqual({ p50Ms: 600, p99Ms: 600 })
  })

  it("is refusing while more of the last minutes' records are refused than may be, though ready, and says why", () => {
    const clock = handClock()
    const watch = watchWorker(WORKER, clock.runtime, { maxRefused: 0.1 })
    for (const event of [STARTED, pin.assigned, read(clock.runtime.now(), 0)]) watch.on(event)
    const refused = (quarantined: number, rows: number) => {
      const reasons = new Map([
        ['not JSON', quarantined - 1],
        ['not an object', 1],
      ])
      watch.on(committed({ rows, quarantined, reasons }))
      clock.pass(MINUTE)
      watch.on(pin.idle)
      return watch.state().phase
    }
    expect(refused(9, 0)).toBe('caught up')
    expect(refused(10, 200)).toBe('caught up')
    expect(refused(50, 200)).toBe('rejecting')
    const state = watch.state()
    expect(state.sentence).toBe('rejecting: of the records of pin 15 % go to the quarantine, most for: not JSON')
    expect([liveness(state).ok, readiness(state).ok]).toEqual([true, true])
    for (let minute = 0; minute < 5; minute++) refused(1, 200)
    expect(watch.state().phase).toBe('caught up')
  })

  it('is plain data: JSON gives it back', () => {
    const { watch, runtime } = started()
    watch.on(pin.assigned)
    watch.on(read(runtime.now(), 3))
    watch.on(pin.waits)
    const state = watch.state()
    expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(structuredClone(state))))
  })

  it('holds what was read and not released, and its lag is that and what was not read', () => {
    const reads = fc.array(fc.record({ keep: fc.boolean(), unread: fc.nat(1000) }), { minLength: 1 })
    fc.assert(
      fc.property(reads, (each) => {
        const { watch, runtime } = started()
        for (const { keep, unread } of each) {
          watch.on(read(runtime.now(), unread))
          if (keep) continue
          watch.on(pin.batch)
          watch.on(pin.released)
        }
        const held = each.filter(({ keep }) => keep).length
        const [after] = watch.state().datasets
        expect(after?.held).toEqual({ batches: 0, bytes: held * 1000 })
        expect(after?.lag.records).toBe(held * 100 + (each.at(-1)?.unread ?? 0))
      }),
    )
  })
})

describe('the history, where a commit comes every ten seconds and 100 records every second', () => {
  /** Lets time pass, second by second, with a mark every five. */
  function streaming(seconds: number) {
    const clock = started()
    const { watch, runtime, pass } = clock
    watch.on(pin.assigned)
    for (let second = 1; second <= seconds; second++) {
      pass(1000)
      watch.on(read(runtime.now() - 100, 0))
      if (second % 10 === 7) {
        watch.on(pin.batch)
        watch.on(committed({ rows: second === 7 ? 700 : 1000 }))
        watch.on({ dataset: 'pin', what: 'released', bytes: 0, blocks: new Map([[PARTITION, second === 7 ? 7 : 10]]) })
      }
      if (second % 5 === 0) watch.mark()
    }
    return clock
  }
  const points = ({ watch }: ReturnType<typeof started>) => watch.history().map(({ datasets }) => datasets[0])

  it('has the same rate at every mark, whether or not a commit came between two', () => {
    const rates = points(streaming(120)).map((point) => point?.rowsPerSecond)
    expect(rates.slice(3)).toEqual(rates.slice(3).map(() => 100))
  })

  it('has the lag as a band from just after a commit to just before one', () => {
    const bands = points(streaming(120)).slice(4)
    for (const band of bands) {
      expect(band?.lagLowSeconds).toBe(0)
      expect(band?.lagSeconds).toBeCloseTo(9.1)
    }
  })

  it('comes down to nothing within half a minute after the source has fallen silent', () => {
    const clock = streaming(60)
    for (let second = 0; second < 30; second++) clock.pass(1000)
    clock.watch.mark()
    expect(points(clock).at(-1)?.rowsPerSecond).toBe(0)
  })

  it('counts no silence before the first record into the rate of its commit', () => {
    const clock = streaming(60)
    const { watch, runtime, pass } = clock
    pass(60 * MINUTE)
    for (let second = 0; second < 10; second++) {
      watch.on(read(runtime.now(), 0))
      pass(1000)
    }
    watch.on(committed({ rows: 1000 }))
    expect(watch.state().datasets[0]?.rates.rows).toBe(100)
  })
})
