import { existsSync } from 'node:fs'
import { MillraceError, type Runtime } from '@millrace/base'
import type { StartedDataset } from '@millrace/stream'
import { openCatalog, openSource, type Partition, type Source, type TopicCatalog } from '@millrace/transport'
import { topicsInWords } from '../reporting/topics.ts'
import { type Finding, find, problem } from './finding.ts'

export interface SourceToCheck {
  readonly source: string
  readonly isDefault: boolean
  /** The data sets whose topics somebody has named. */
  readonly named: readonly string[]
  /** The data sets, each with its topics. */
  readonly routes: () => Promise<readonly Route[]>
}

type Route = Pick<StartedDataset, 'dataset' | 'topics'>

/** Whether the source answers, has the topics, and lets us read them. Joins no group, makes no topic. */
export async function checkSource(
  { source, isDefault, named, routes }: SourceToCheck,
  runtime: Runtime,
): Promise<Finding[]> {
  const file = source.startsWith('embedded:') ? source.slice('embedded:'.length) : undefined
  if (file !== undefined && !existsSync(file)) {
    const detail = `${source} is not there yet: millrace ingest or the worker makes it`
    return [{ check: 'source', result: isDefault ? 'not set' : 'ok', detail }]
  }
  const catalog = await openCatalog(source)
  let topics: readonly string[] = []
  const reached = await find('source', async () => {
    topics = await catalog.list()
    return `${source} answers and has ${topics.length} topics`
  })
  try {
    if (reached.result !== 'ok') return [reached]
    const all = await routes()
    const looks = all.flatMap(({ dataset, topics: wanted }) =>
      wanted.map((topic) => lookAtTopic(dataset, topic, catalog, source, runtime)),
    )
    const besides = await findingsOf(catalog)
    const taken = all.map((route) => topicsTaken(route, named.includes(route.dataset)))
    return [reached, ...besides, ...taken, ...(await Promise.all(looks))]
  } catch (error) {
    return [reached, await find('topics', () => Promise.reject(error))]
  } finally {
    await catalog.close()
  }
}

async function findingsOf(catalog: TopicCatalog): Promise<Finding[]> {
  const found = (await catalog.findings?.()) ?? []
  return found.map(({ check, detail, next }) =>
    next === undefined ? { check, result: 'ok', detail } : problem(check, detail, next),
  )
}

/** Says which topics a data set takes: with many users on one broker they may be those of all of them. */
function topicsTaken({ dataset, topics }: Route, isNamed: boolean): Finding {
  const detail = topicsInWords({ dataset, topics }, isNamed)
  return { check: `topics of ${dataset}`, result: 'ok', detail }
}

function lookAtTopic(
  dataset: string,
  topic: string,
  catalog: TopicCatalog,
  address: string,
  runtime: Runtime,
): Promise<Finding> {
  const check = `topic ${topic}`
  return find(check, async () => {
    const described = await catalog.describe(topic)
    if (!described) return problem(check, `${dataset} has no topic ${topic}`, 'Make it, or name another by --topics.')
    // A partition without replicas, as on Kinesis, has no leader.
    const headless = described.partitions.filter(({ leader, replicas }) => leader < 0 && replicas.length > 0)
    if (headless.length > 0) {
      return problem(
        check,
        `partitions without a leader: ${headless.length}`,
        'Look after the brokers: no reader can go on.',
      )
    }
    await readOnce(topic, address, runtime)
    return `${dataset}: readable, partitions: ${described.partitions.length}`
  })
}

/** Asks for the start of one partition and for what is there, as a worker would. */
async function readOnce(topic: string, address: string, runtime: Runtime): Promise<void> {
  const source = await openSource(address, runtime)
  try {
    const partition = await firstPartition(source, topic)
    await source.read(partition, await source.resolve(partition, 'earliest'), { maxBytes: 1, waitMs: 0 })
  } finally {
    await source.close()
  }
}

function firstPartition(source: Source, topic: string): Promise<Partition> {
  const { promise, resolve, reject } = Promise.withResolvers<Partition>()
  const assigned = async ([first]: readonly Partition[]) => {
    if (first) resolve(first)
    else reject(new MillraceError('TOPIC_MISSING', `${topic} has no partition`))
  }
  source.subscribe([topic], { assigned, revoked: async () => {}, failed: reject }).catch(reject)
  return promise
}
