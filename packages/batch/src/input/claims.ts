/** Which data set a raw object is of: by the folders and the name that lead to it. */
export type Claim = (key: string) => string | undefined

/** By data set the names of its topics, where those don't tell by themselves. */
export type Topics = Readonly<Record<string, readonly string[]>>

/**
 * A folder or file belongs to the data set that its name is, or ends in after `.`, `-` or `_`; whoever says
 * otherwise for a data set is right. With one data set alone, everything is of it.
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
