/*
 * DisposableStack and AsyncDisposableStack for Node 22, which lacks them. The build puts these names in place of the
 * global ones; a Node that has its own uses those.
 */

type Close = () => unknown

/** Runs from the last to the first; of several errors the later ones carry the earlier, as the language does it. */
class Closing {
  #closes: Close[] = []
  #isDisposed = false

  get disposed(): boolean {
    return this.#isDisposed
  }

  adopt<T>(value: T, close: (value: T) => unknown): T {
    this.push(() => close(value))
    return value
  }

  defer(close: Close): void {
    this.push(close)
  }

  protected push(close: Close): void {
    if (this.#isDisposed) throw new ReferenceError('the stack has been disposed of')
    this.#closes.push(close)
  }

  protected takeAll(): Close[] {
    this.#isDisposed = true
    return this.#closes.splice(0).reverse()
  }
}

function withSuppressed(error: unknown, earlier: { readonly error: unknown } | undefined): { readonly error: unknown } {
  if (earlier === undefined) return { error }
  const both = Object.assign(new Error('an error while disposing hid another'), { name: 'SuppressedError' })
  return { error: Object.assign(both, { error, suppressed: earlier.error }) }
}

export class OwnDisposableStack extends Closing {
  use<T extends Disposable | null | undefined>(value: T): T {
    if (value !== null && value !== undefined) this.push(() => value[Symbol.dispose]())
    return value
  }

  move(): OwnDisposableStack {
    const moved = new OwnDisposableStack()
    for (const close of this.takeAll().reverse()) moved.push(close)
    return moved
  }

  dispose(): void {
    let failed: { readonly error: unknown } | undefined
    for (const close of this.takeAll()) {
      try {
        close()
      } catch (error) {
        failed = withSuppressed(error, failed)
      }
    }
    if (failed) throw failed.error
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

export class OwnAsyncDisposableStack extends Closing {
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    if (value !== null && value !== undefined) this.push(() => closeOf(value))
    return value
  }

  move(): OwnAsyncDisposableStack {
    const moved = new OwnAsyncDisposableStack()
    for (const close of this.takeAll().reverse()) moved.push(close)
    return moved
  }

  async disposeAsync(): Promise<void> {
    let failed: { readonly error: unknown } | undefined
    for (const close of this.takeAll()) {
      try {
        await close()
      } catch (error) {
        failed = withSuppressed(error, failed)
      }
    }
    if (failed) throw failed.error
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync()
  }
}

function closeOf(value: AsyncDisposable | Disposable): unknown {
  return Symbol.asyncDispose in value ? value[Symbol.asyncDispose]() : value[Symbol.dispose]()
}

/** @public */
export const DisposableStack = globalThis.DisposableStack ?? OwnDisposableStack
/** @public */
export const AsyncDisposableStack = globalThis.AsyncDisposableStack ?? OwnAsyncDisposableStack
