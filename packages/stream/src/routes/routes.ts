import { MillraceError } from '@millrace/base'
import { belongsTo } from '@millrace/transform'
import { listTopics } from '@millrace/transport'
import type { Kinds } from './kinds.ts'
import { EACH_ITS_OWN, hasPattern, matching, routesOfEach } from './patterns.ts'
import type { Route, RouteWishes } from './route.ts'

/**
 * A topic belongs to the data set that its name says; whoever says otherwise for a data set is right. A data set
 * without a topic waits for one of its own name.
 */
export function routesOf(
  { datasets, topics: chosen = {}, tableOf = (dataset) => dataset, template }: RouteWishes,
  present: readonly string[],
): Route[] {
  const parts = datasets.flatMap((dataset) => (chosen[dataset] ?? []).map((text) => ({ dataset, ...parsePart(text) })))
  const shared = Map.groupBy(parts, ({ topic }) => topic)
  for (const [topic, of] of shared) if (of.some(({ by }) => by !== undefined)) refuseUnclear(topic, of)
  const routes = datasets.map((dataset) => {
    const own = parts.filter((part) => part.dataset === dataset)
    const named =
      own.length > 0
        ? own.flatMap(({ topic }) => matching(topic, present))
        : present.filter((name) => belongsTo(name, dataset))
    const found = [...new Set(named)].sort()
    const kinds = new Map(
      found.flatMap((topic) => {
        const seen = kindsOf(dataset, shared.get(topic) ?? [])
        return seen ? [[topic, seen] as const] : []
      }),
    )
    const waitsForOwn = found.length === 0 && own.length === 0
    return { dataset, topics: waitsForOwn ? [dataset] : found, kinds, table: tableOf(dataset) }
  })
  return [...routes, ...routesOfEach(chosen[EACH_ITS_OWN] ?? [], { tableOf, template }, routes, present)]
}

interface Part {
  readonly dataset: string
  readonly topic: string
  /** `key`, or the name of a field; undefined: the whole topic. */
  readonly by: string | undefined
  readonly value: string
}

function parsePart(text: string): Omit<Part, 'dataset'> {
  const [, topic = text, by, value = ''] = /^([^[\]]+)\[([^=\]]+)=([^\]]+)\]$/.exec(text) ?? []
  return { topic, by, value }
}

function kindsOf(dataset: string, parts: readonly Part[]): Kinds | undefined {
  const [first] = parts
  if (first?.by === undefined) return undefined
  return {
    by: first.by === 'key' ? 'key' : { field: first.by },
    mine: new Set(parts.filter((part) => part.dataset === dataset).map(({ value }) => value)),
    known: new Set(parts.map(({ value }) => value)),
    takesUnrecognized: first.dataset === dataset,
  }
}

/** Refuses a topic whose records could belong to two data sets. */
function refuseUnclear(topic: string, parts: readonly Part[]): void {
  const marks = new Set(parts.map(({ by }) => by ?? 'nothing'))
  if (marks.size > 1) {
    throw new MillraceError(
      'CONFIG_INVALID',
      `the kinds in ${topic} are told apart by ${[...marks].join(' and by ')}`,
      {
        next: 'Say the same for all of them: `[key=…]`, or one field.',
      },
    )
  }
  const twice = parts.find(({ value }, i) => parts.findIndex((other) => other.value === value) !== i)
  if (!twice) return
  throw new MillraceError('CONFIG_INVALID', `two data sets are to have the kind ${twice.value} of ${topic}`, {
    next: 'Give each kind to one data set.',
  })
}

/** Finds the routes; lists the source's topics unless every data set's are given. */
export async function findRoutes(source: string, wishes: RouteWishes): Promise<Route[]> {
  const { datasets, topics = {} } = wishes
  const allSaid = datasets.every((dataset) => topics[dataset] !== undefined) && !hasPattern(topics)
  return routesOf(wishes, allSaid ? [] : await listTopics(source))
}
