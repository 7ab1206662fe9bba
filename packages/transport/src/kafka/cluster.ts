import { MillraceError, type Runtime } from '@millrace/base'
import {
  type API,
  Base,
  type Connection,
  type findCoordinatorV4,
  kGetApi,
  kGetBootstrapConnection,
  kGetConnection,
  type metadataV12,
} from '@platformatic/kafka'
import type { KafkaAddress } from './address.ts'
import { FETCH_BY_ID, type FetchTopic } from './fetch/fetch-request.ts'
import { answered, fromLibrary, KAFKA } from './kafka-error.ts'
import { libraryOptions } from './library.ts'
import type { Broker } from './security.ts'

type FindCoordinatorResponse = findCoordinatorV4.FindCoordinatorResponse
type MetadataResponse = metadataV12.MetadataResponse
type MetadataResponseTopic = metadataV12.MetadataResponseTopic

/** A topic as the brokers know it now. */
export interface Topic {
  readonly name: string
  /** The topic's id without dashes; the cluster's where the brokers give none. */
  readonly identity: string
  /** How a Fetch request names it. */
  readonly fetchedAs: FetchTopic
  readonly partitions: readonly PartitionLeader[]
}

export interface PartitionLeader {
  /** Undefined while the partition has no leader: during an election, or when every replica is down. */
  readonly leader: Broker | undefined
  readonly leaderEpoch: number
}

/** The Kafka library's part: connections with login, negotiated API versions, requests and responses. */
export interface Cluster {
  /** Returns the topics' current metadata. */
  topics(names: readonly string[]): Promise<Topic[]>
  /** Returns the current metadata of those that are there. */
  presentTopics(names: readonly string[]): Promise<Topic[]>
  /** Returns the cached metadata; asks the brokers if there is none. */
  knownTopic(name: string): Promise<Topic>
  /** Drops the cached metadata of this topic. */
  forget(name: string): void
  coordinatorOf(group: string): Promise<Broker>
  /** Sends a request, by its name in the protocol, in the newest version that the library and the brokers share. */
  call<Answer>(broker: Broker, name: string, ...request: unknown[]): Promise<Answer>
  /** A request of our own making. */
  ask<Request extends unknown[], Answer>(
    broker: Broker,
    api: API<Request, Answer>,
    ...request: Request
  ): Promise<Answer>
  close(): Promise<void>
}

const NO_ID = '0'.repeat(32)
const GROUP = 0
const MISSING_AFTER_TRIES = 4
const MISSING_RETRY_MS = 250

export function openCluster(address: KafkaAddress, requestTimeout: number, runtime: Runtime): Cluster {
  // The callers decide what a failure means and whether to retry.
  const base = new Base({ ...libraryOptions(address, requestTimeout), retries: 0 })
  const known = new Map<string, Topic>()
  const send = async <Answer>(connection: Promise<Connection>, name: string, request: unknown[]): Promise<Answer> => {
    const [api, open] = await Promise.all([
      called<API<unknown[], Answer>>((done) => base[kGetApi](name, done)),
      connection,
    ]).catch(rethrow(name))
    return api.async(open, ...request).catch(rethrow(name))
  }
  const connectionTo = (broker: Broker) => called<Connection>((done) => base[kGetConnection]({ ...broker }, done))
  const anyBroker = () => called<Connection>((done) => base[kGetBootstrapConnection](done))

  const askForTopics = async (names: readonly string[], present: (topic: MetadataResponseTopic) => boolean) => {
    if (names.length === 0) return []
    const answer = await evenWithErrors(send<MetadataResponse>(anyBroker(), 'Metadata', [[...names], false, false]))
    const fetch = await called<API<unknown[], unknown>>((done) => base[kGetApi]('Fetch', done)).catch(rethrow('Fetch'))
    const found = answer.topics.filter(present).map((topic) => topicOf(topic, answer, fetch.version >= FETCH_BY_ID))
    for (const topic of found) known.set(topic.name, topic)
    return found
  }
  /** A broker may be a moment late to hear of a new topic: only one that is missing for a while is missing. */
  const topics = async (names: readonly string[]) => {
    for (let tries = 1; ; tries++) {
      try {
        return await askForTopics(names, () => true)
      } catch (error) {
        const isMissing = error instanceof MillraceError && error.code === 'TOPIC_MISSING'
        if (!isMissing || tries === MISSING_AFTER_TRIES) throw error
        await runtime.sleep(MISSING_RETRY_MS)
      }
    }
  }
  return {
    topics,
    presentTopics: (names) => askForTopics(names, ({ errorCode }) => errorCode !== KAFKA.UNKNOWN_TOPIC_OR_PARTITION),
    async knownTopic(name) {
      const topic = known.get(name) ?? (await topics([name]))[0]
      if (!topic) throw missing(name)
      return topic
    },
    forget: (name) => void known.delete(name),
    async coordinatorOf(group) {
      const answer = await send<FindCoordinatorResponse>(anyBroker(), 'FindCoordinator', [GROUP, [group]])
      const [coordinator] = answer.coordinators
      if (!coordinator) throw new MillraceError('SOURCE_UNREACHABLE', `no broker coordinates the group ${group}`)
      return { host: coordinator.host, port: coordinator.port }
    },
    call: (broker, name, ...request) => send(connectionTo(broker), name, request),
    ask: async (broker, api, ...request) => {
      const what = `request ${api.key}`
      const connection = await connectionTo(broker).catch(rethrow(what))
      return api.async(connection, ...request).catch(rethrow(what))
    },
    close: () => base.close(),
  }
}

function topicOf(
  { name, errorCode, topicId, partitions }: MetadataResponseTopic,
  answer: MetadataResponse,
  fetchById: boolean,
): Topic {
  if (name == null || errorCode === KAFKA.UNKNOWN_TOPIC_OR_PARTITION) throw missing(name ?? topicId)
  if (errorCode !== 0) throw answered(errorCode, `topic ${name}`)
  const brokers = new Map(answer.brokers.map((broker) => [broker.nodeId, { host: broker.host, port: broker.port }]))
  const id = topicId?.replaceAll('-', '') ?? NO_ID
  const leaders: PartitionLeader[] = []
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
    leaders[partitionIndex] = { leader: brokers.get(leaderId), leaderEpoch }
  }
  return {
    name,
    identity: id === NO_ID ? `cluster:${answer.clusterId}` : id,
    fetchedAs: id === NO_ID || !fetchById ? { name } : { id: Buffer.from(id, 'hex') },
    partitions: leaders,
  }
}

function missing(name: string): MillraceError {
  return new MillraceError('TOPIC_MISSING', `there is no topic ${name}`)
}

function rethrow(what: string): (error: unknown) => never {
  return (error) => {
    throw fromLibrary(error, what)
  }
}

/** The library rejects an answer as a whole when one part of it says that it failed: here the parts are looked at. */
function evenWithErrors<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return asked.catch((error: unknown) => {
    const response = responseIn<Answer>(error)
    if (response === undefined) throw error
    return response
  })
}

/** The answer that an error was made of, if there was one. */
export function responseIn<Answer>(error: unknown): Answer | undefined {
  const { response } = (error instanceof Error ? (error.cause ?? {}) : {}) as { response?: Answer }
  return response
}

function called<T>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value as T))))
}
