/** Does `work` for every item, `limit` at a time, and hands the results over in the items' order. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = []
  try {
    for (const item of items) {
      if (underWay.length >= limit) yield await (underWay.shift() as Promise<R>)
      const started = work(item)
      // Handled where it is awaited; until then a failure must not count as unhandled.
      started.catch(() => {})
      underWay.push(started)
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<R>)
  } finally {
    await Promise.allSettled(underWay)
  }
}
