import type { Kinds } from './kinds.ts'

/** Which topics go into which table. */
export interface Route {
  readonly dataset: string
  readonly topics: readonly string[]
  /** Topics of which only some kinds of records are taken. */
  readonly kinds?: ReadonlyMap<string, Kinds>
  /** The table's folder in the lake. */
  readonly table: string
  /** The data set whose rules it has, where those are not its own. */
  readonly template?: string
  /** A pattern has found the topic, which has a table of its own: what is wrong with it concerns no other topic. */
  readonly isFound?: true
}

/**
 * A user's choice of topics for data sets: names, one kind out of a shared topic (`events[key=order]`), or a pattern
 * between slashes. Topics that are chosen for EACH_ITS_OWN have a data set and a table each.
 */
export type ChosenTopics = Readonly<Record<string, readonly string[]>>

export interface RouteWishes {
  readonly datasets: readonly string[]
  readonly topics?: ChosenTopics
  /** Names the table of a data set; unless given, it is called as the data set is. */
  readonly tableOf?: (dataset: string) => string
  /** The data set whose rules the topics of EACH_ITS_OWN have; unless given, each has its own. */
  readonly template?: string
}
