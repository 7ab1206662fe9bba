import { MillraceError } from '@millrace/base'
import { quarantinePath } from '@millrace/outputs'
import type { ChosenTopics, Route } from './route.ts'

/** Stands for a data set in a choice of topics: each topic has a data set of its own, called as the topic is. */
export const EACH_ITS_OWN = '*'

/** Returns the pattern between slashes, which the whole name of a topic must match; undefined for a topic's name. */
function patternIn(text: string): RegExp | undefined {
  const [, pattern] = /^\/(.+)\/$/s.exec(text) ?? []
  return pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, 'u')
}

/** Whether topics are chosen by a pattern, so that more of them may come. */
export function hasPattern(chosen: ChosenTopics): boolean {
  return Object.values(chosen).some((parts) => parts.some((part) => patternIn(part) !== undefined))
}

/** Returns the topics that a part of a choice names: those that match, or the one of that name, there or not. */
export function matching(part: string, present: readonly string[]): readonly string[] {
  const pattern = patternIn(part)
  return pattern ? present.filter((name) => pattern.test(name) && !isInternal(name)) : [part]
}

/** Topics of Kafka's and its tools' own begin so, such as those of offsets and of schemas. */
const isInternal = (topic: string) => topic.startsWith('_')

/** Returns a route for each topic that is chosen to have a table of its own and is in none of the other routes. */
export function routesOfEach(
  parts: readonly string[],
  { tableOf, template }: { readonly tableOf: (dataset: string) => string; readonly template: string | undefined },
  others: readonly Route[],
  present: readonly string[],
): Route[] {
  const taken = new Set(others.flatMap(({ topics }) => topics))
  const topics = new Set(parts.flatMap((part) => matching(part, present)).filter((topic) => !taken.has(topic)))
  return [...topics].sort().map((topic): Route => {
    return { dataset: topic, topics: [topic], table: tableOf(topic), isFound: true, ...(template && { template }) }
  })
}

/** Tables of the lake that no topic's table may take the place of. */
const RESERVED = 'batch'

/** Refuses a topic whose table would be another one's, or in the place of one. */
export function refuseTakenTable({ table, topics }: Route, taken: Pick<ReadonlySet<string>, 'has'>): void {
  const name = [table, quarantinePath(table)].find((each) => taken.has(each) || each === RESERVED)
  if (name === undefined) return
  throw new MillraceError('CONFIG_INVALID', `the table ${name} of topic ${topics.join()} is another one's already`, {
    next: 'Give it another name, or leave the topic out of the pattern.',
  })
}
