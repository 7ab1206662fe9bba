import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OwnAsyncDisposableStack, OwnDisposableStack } from '../../build/disposable-stack.ts'

/** Whether a step's close fails. */
const steps = fc.array(fc.record({ how: fc.constantFrom('use', 'adopt', 'defer', 'move'), fails: fc.boolean() }))

/** Errors by their messages, with what they suppress. */
function chain(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error)) return []
  const { error, suppressed } = thrown as { error?: unknown; suppressed?: unknown }
  return thrown.name === 'SuppressedError' ? [...chain(error), ...chain(suppressed)] : [thrown.message]
}

type Step = { readonly how: string; readonly fails: boolean }

async function closedBy(
  stack: OwnAsyncDisposableStack | OwnDisposableStack | AsyncDisposableStack | DisposableStack,
  plan: readonly Step[],
) {
  const closed: number[] = []
  let last = stack
  for (const [i, { how, fails }] of plan.entries()) {
    const close = () => {
      closed.push(i)
      if (fails) throw new Error(String(i))
    }
    const value = { [Symbol.dispose]: close, [Symbol.asyncDispose]: async () => close() }
    if (how === 'use') (last.use as (value: Disposable & AsyncDisposable) => unknown).call(last, value)
    if (how === 'adopt') last.adopt(i, close)
    if (how === 'defer') last.defer(close)
    if (how === 'move') last = last.move()
  }
  let thrown: unknown
  try {
    if ('disposeAsync' in last) await last.disposeAsync()
    else last.dispose()
  } catch (error) {
    thrown = error
  }
  expect(() => last.defer(() => {})).toThrow(ReferenceError)
  return { closed, errors: chain(thrown), disposed: [stack.disposed, last.disposed] }
}

test("the package's stacks for Node 22 close as the language's own do", async () => {
  const same = fc.asyncProperty(steps, async (plan) => {
    expect(await closedBy(new OwnDisposableStack(), plan)).toEqual(await closedBy(new DisposableStack(), plan))
    expect(await closedBy(new OwnAsyncDisposableStack(), plan)).toEqual(
      await closedBy(new AsyncDisposableStack(), plan),
    )
  })
  await fc.assert(same, { numRuns: 50 })
})
