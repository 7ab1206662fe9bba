import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord, TopicCatalog, TopicDescription } from '@millrace/transport'
import type { FastifyRequest } from 'fastify'
import { mayDo, type Role } from './grants.ts'
import { inTime } from './in-time.ts'
import { openKnownKeys } from './known-keys.ts'
import { type Limits, RECORD_BYTES } from './limits.ts'
import { openNewTopics } from './new-topics.ts'
import { RefusedRequest, refuse } from './refusal.ts'

export interface GatewayTotals {
  requests: number
  records: number
  bytes: number
  refused: number
}

/** What a client did, or tried to. */
export interface RequestedAction {
  readonly did: 'produce' | 'list' | 'read' | 'create' | 'delete'
  readonly topic?: string
  records?: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Its records on their way; until it settles they are in memory, whether or not somebody waits for the answer. */
    storing: Promise<unknown> | undefined
    /** What it asked for, for the access log. */
    action: RequestedAction | undefined
  }
}

/** Where all dialects hand in what they are asked for: each action is refused to a client whose key does not allow it. */
export interface GatewayService {
  /** Answers when the records are durable. */
  take(topic: string, records: readonly OutgoingRecord[], request: FastifyRequest): Promise<SentRecord[]>
  /** The topics that the client may read about. */
  list(request: FastifyRequest): Promise<string[]>
  describe(topic: string, request: FastifyRequest): Promise<TopicDescription | undefined>
  create(topic: string, partitions: number, request: FastifyRequest): ReturnType<TopicCatalog['create']>
  remove(topic: string, request: FastifyRequest): ReturnType<TopicCatalog['remove']>
}

export interface GatewayServiceOptions {
  readonly producer: Producer
  readonly catalog: TopicCatalog
  readonly runtime: Runtime
  readonly totals: GatewayTotals
  readonly limits: Limits
  /** Without it nobody may remove a topic, whatever their key. */
  readonly allowDelete: boolean
  /** Refuses records that do not fit the topic's data set. */
  readonly check: ((topic: string, records: readonly OutgoingRecord[]) => Promise<void>) | undefined
}

/** Kafka's rule for names; those of Kinesis fit it too. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/
const ID_KEY = /^[\x21-\x7e]{1,200}$/

export function openGatewayService({
  producer,
  catalog,
  runtime,
  totals,
  limits,
  allowDelete,
  check,
}: GatewayServiceOptions): GatewayService {
  const answered = inTime(limits.answerWithinMs, unacknowledged, runtime)
  const known = openKnownKeys()
  const newTopics = openNewTopics(catalog)
  const store = async (topic: string, records: readonly OutgoingRecord[], key: string | undefined) => {
    try {
      await check?.(topic, records)
      return await producer.send(topic, key === undefined ? records : withIds(records, key))
    } catch (error) {
      if (key !== undefined && isRefusedWhole(error)) known.forget(topic, key)
      throw error
    }
  }
  return {
    async take(topic, records, request) {
      if (!isTopicName(topic)) throw topicMissing(topic)
      permit(request, 'produce', { did: 'produce', topic, records: records.length })
      if (request.client !== undefined && !mayDo(request.grants, 'admin', topic)) {
        await newTopics.admit(topic, request.client)
      }
      request.room.take(records.length * RECORD_BYTES)
      const key = idempotencyKey(request)
      if (key !== undefined) known.check(topic, key, request.body as Buffer)
      const storing = store(topic, records, key)
      request.storing = storing
      const sent = await answered(storing)
      totals.records += records.length
      for (const { value } of records) totals.bytes += value?.length ?? 0
      return sent
    },
    async list(request) {
      request.action = { did: 'list' }
      return (await catalog.list()).filter((topic) => !isInternal(topic) && mayDo(request.grants, 'read', topic))
    },
    async describe(topic, request) {
      if (!isTopicName(topic)) return undefined
      permit(request, 'read', { did: 'read', topic })
      return catalog.describe(topic)
    },
    async create(topic, partitions, request) {
      if (!isTopicName(topic)) throw refuse(422, 'a name has 1 to 249 letters, digits, `.`, `_` and `-`')
      permit(request, 'admin', { did: 'create', topic })
      return catalog.create(topic, partitions)
    },
    async remove(topic, request) {
      if (!isTopicName(topic)) return 'missing'
      permit(request, 'admin', { did: 'delete', topic })
      if (!allowDelete) throw refuse(403, 'this gateway removes no topics: deleting is not allowed', 40301)
      newTopics.forget(topic)
      return catalog.remove(topic)
    },
  }
}

function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name) && !/^\.{1,2}$/.test(name)
}

/** Those that message systems keep for themselves, such as `__consumer_offsets`. */
function isInternal(topic: string): boolean {
  return topic.startsWith('__')
}

function permit(request: FastifyRequest, role: Role, action: RequestedAction & { readonly topic: string }): void {
  request.action = action
  if (isInternal(action.topic))
    throw refuse(403, `topic ${action.topic} is internal: nobody has it through here`, 40301)
  if (mayDo(request.grants, role, action.topic)) return
  throw refuse(403, `this key may not ${ACTIONS[role]} topic ${action.topic}`, 40301)
}

const ACTIONS: Readonly<Record<Role, string>> = {
  produce: 'write to',
  read: 'read about',
  admin: 'make or remove',
}

function topicMissing(topic: string) {
  return refuse(404, `Topic ${topic} not found`, 40401)
}

function unacknowledged() {
  return refuse(408, 'the records were not acknowledged in time; they may become durable all the same', 40801)
}

function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined || (typeof key === 'string' && ID_KEY.test(key))) return key
  throw refuse(400, 'Idempotency-Key: 1 to 200 visible characters of ASCII, once; a UUID is best')
}

/** A request that comes again under its key brings each record under the id that it had before. */
function withIds(records: readonly OutgoingRecord[], key: string): readonly OutgoingRecord[] {
  return records.map((record, i) => ({ ...record, id: `${key}/${i}` }))
}

/** Before any of its records was sent. */
function isRefusedWhole(error: unknown): boolean {
  if (error instanceof RefusedRequest) return true
  return error instanceof MillraceError && (error.code === 'TOPIC_MISSING' || error.code === 'USAGE')
}
