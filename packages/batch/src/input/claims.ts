/** Returns the data set of a raw object by its folders and name, or undefined if it belongs to none. */
export type Claim = (key: string) => string | undefined

/** Topics by data set, for those whose names differ from the data set's. */
export type Topics = Readonly<Record<string, readonly string[]>>

/**
 * Returns a function that assigns raw objects to data sets. A folder or file belongs to the data set whose name it has
 * or ends in after `.`, `-` or `_`. For a data set in `topics`, only those names count. A single data set gets everything.
 */
export function claimsOf(datasets: readonly string[], topics: Topics): Claim {
  const owner = (name: string) =>
    datasets.find((dataset) => {
      const own = topics[dataset]
      return own === undefined ? belongs(name, dataset) : own.includes(name)
    })
  return (key) => {
    const folders = key.split('/')
    if (folders.some((name) => /^[._]/.test(name))) return undefined
    const name = folders.pop() ?? ''
    const stem = name.replace(/(\+\d+\+\d+)?(\.[a-z]+)+$/i, '')
    for (const candidate of [stem, ...folders.reverse()]) {
      const dataset = owner(candidate)
      if (dataset !== undefined) return dataset
    }
    return datasets.length === 1 ? datasets[0] : undefined
  }
}

function belongs(name: string, dataset: string): boolean {
  return name === dataset || ['.', '-', '_'].some((mark) => name.endsWith(mark + dataset))
}
