import type { StartedDataset } from '@millrace/stream'

/** Says which topics a data set reads, and whether it was their names' ends that made them its own. */
export function topicsInWords(
  { dataset, topics }: Pick<StartedDataset, 'dataset' | 'topics'>,
  isNamed: boolean,
): string {
  const byEnd = topics.filter((topic) => topic !== dataset)
  const list = topics.join(', ')
  if (isNamed || byEnd.length === 0) return list
  if (topics.length === 1) return `${list}, which ends in ${dataset}`
  return `${topics.length} topics: ${list}: all that are called ${dataset} or end in it; --topics ${dataset}=NAME takes one alone`
}
