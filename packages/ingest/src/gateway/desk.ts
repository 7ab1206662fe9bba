import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord, TopicCatalog } from '@millrace/transport'
import type { FastifyRequest } from 'fastify'
import { inTime } from './in-time.ts'
import { openKnownKeys } from './known-keys.ts'
import type { Limits } from './limits.ts'
import { RefusedRequest, refuse } from './refusal.ts'

export interface GatewayTotals {
  requests: number
  records: number
  bytes: number
  refused: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Its records on their way; until it settles they are in memory, whether or not somebody waits for the answer. */
    storing: Promise<unknown> | undefined
  }
}

/** Where all dialects hand in their records. */
export interface Desk {
  readonly catalog: TopicCatalog
  /** Answers when the records are durable. */
  take(topic: string, records: readonly OutgoingRecord[], request: FastifyRequest): Promise<SentRecord[]>
  create(topic: string, partitions: number): ReturnType<TopicCatalog['create']>
}

export interface DeskParts {
  readonly producer: Producer
  readonly catalog: TopicCatalog
  readonly runtime: Runtime
  readonly totals: GatewayTotals
  readonly limits: Limits
  /** Refuses records that do not fit the topic's data set. */
  readonly check: ((topic: string, records: readonly OutgoingRecord[]) => Promise<void>) | undefined
}

/** As Kafka has it, and Kinesis within it. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/
const ID_KEY = /^[\x21-\x7e]{1,200}$/

export function openDesk({ producer, catalog, runtime, totals, limits, check }: DeskParts): Desk {
  const answered = inTime(limits.answerWithinMs, unacknowledged, runtime)
  const known = openKnownKeys()
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
    catalog,
    async take(topic, records, request) {
      if (!isTopicName(topic)) throw refuse(404, `Topic ${topic} not found`, 40401)
      const key = idempotencyKey(request)
      if (key !== undefined) known.check(topic, key, request.body as Buffer)
      const storing = store(topic, records, key)
      request.storing = storing
      const sent = await answered(storing)
      totals.records += records.length
      for (const { value } of records) totals.bytes += value?.length ?? 0
      return sent
    },
    async create(topic, partitions) {
      if (!isTopicName(topic)) throw refuse(422, 'a name has 1 to 249 letters, digits, `.`, `_` and `-`')
      return catalog.create(topic, partitions)
    },
  }
}

function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name) && !/^\.{1,2}$/.test(name)
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
