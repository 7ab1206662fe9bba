/**
 * Yields the results of `work` in the order of the items. It starts up to `most` items ahead, as long as their total
 * cost is within `budget`; a single item may exceed it.
 */
export async function* ahead<T, R>(
  items: Iterable<T>,
  { most, budget, cost }: { readonly most: number; readonly budget: number; readonly cost: (item: T) => number },
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: { readonly result: Promise<R>; readonly cost: number }[] = []
  const left = items[Symbol.iterator]()
  let [spent, next] = [0, left.next()]
  while (waiting.length > 0 || !next.done) {
    while (!next.done && waiting.length < most && (waiting.length === 0 || spent + cost(next.value) <= budget)) {
      const result = work(next.value)
      result.catch(() => {})
      waiting.push({ result, cost: cost(next.value) })
      spent += cost(next.value)
      next = left.next()
    }
    const first = waiting.shift()
    if (!first) return
    yield await first.result
    spent -= first.cost
  }
}
