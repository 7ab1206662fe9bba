import { deadlineAfter, onAbort, type Runtime, systemRuntime } from '@millrace/base'
import { expect, it } from 'vitest'

it('calls once when the signal aborts, at once where it has', () => {
  const stop = new AbortController()
  let calls = 0
  using _ = onAbort(stop.signal, () => calls++)
  expect(calls).toBe(0)
  stop.abort()
  expect(calls).toBe(1)
  using _late = onAbort(stop.signal, () => calls++)
  expect(calls).toBe(2)
})

it('leaves no listener behind', () => {
  const stop = new AbortController()
  const counts = { added: 0, removed: 0 }
  const { addEventListener, removeEventListener } = stop.signal
  Object.assign(stop.signal, {
    addEventListener: (...given: Parameters<typeof addEventListener>) => {
      counts.added++
      addEventListener.apply(stop.signal, given)
    },
    removeEventListener: (...given: Parameters<typeof removeEventListener>) => {
      counts.removed++
      removeEventListener.apply(stop.signal, given)
    },
  })
  for (let i = 0; i < 100; i++) {
    using _ = onAbort(stop.signal, () => {})
  }
  expect(counts).toEqual({ added: 100, removed: 100 })
})

it('a deadline goes by the clock that it is given, and never comes once it is disposed of', async () => {
  const sleeps: PromiseWithResolvers<void>[] = []
  const runtime: Runtime = {
    ...systemRuntime,
    sleep: () => {
      const sleep = Promise.withResolvers<void>()
      sleeps.push(sleep)
      return sleep.promise
    },
  }
  using kept = deadlineAfter(20_000, runtime)
  const left = deadlineAfter(20_000, runtime)
  left[Symbol.dispose]()
  expect(kept.signal.aborted).toBe(false)
  for (const sleep of sleeps) sleep.resolve()
  await Promise.resolve()
  expect([kept.signal.aborted, left.signal.aborted]).toEqual([true, false])
  expect(kept.signal.reason).toMatchObject({ name: 'TimeoutError' })
})
