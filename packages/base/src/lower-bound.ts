/** Returns how many of `sorted` are below `wanted`. */
export function lowerBound(sorted: ArrayLike<number>, wanted: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] ?? 0) < wanted) from = middle + 1
    else to = middle
  }
  return from
}
