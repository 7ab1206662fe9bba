import { MillraceError } from '@millrace/base'
import type { TopicDescription } from '@millrace/transport'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Desk } from '../desk.ts'
import { refuse } from '../refusal.ts'
import { notProduced, partitionAnswer, produced, topicAnswer } from './answers.ts'
import { answerType, embeddedIn } from './media-types.ts'
import { parseProduce } from './request.ts'

interface Target {
  readonly topic: string
  readonly partition?: string
}

/** What Confluent's REST Proxy, version 2, answers to producers. */
export function confluentRoutes(app: FastifyInstance, desk: Desk): void {
  const produce = (request: FastifyRequest, reply: FastifyReply) => produceTo(desk, request, reply)
  app.post('/topics/:topic', produce)
  app.post('/topics/:topic/partitions/:partition', produce)

  app.get('/topics', async ({ headers }, reply) => {
    reply.type(answerType(headers.accept))
    return jsonBytes(await desk.catalog.list())
  })
  app.get('/topics/:topic', async (request, reply) => {
    reply.type(answerType(request.headers.accept))
    return jsonBytes(topicAnswer(await describedIn(desk, request)))
  })
  app.get('/topics/:topic/partitions', async (request, reply) => {
    reply.type(answerType(request.headers.accept))
    return jsonBytes((await describedIn(desk, request)).partitions.map(partitionAnswer))
  })
  app.get('/topics/:topic/partitions/:partition', async (request, reply) => {
    reply.type(answerType(request.headers.accept))
    const { partitions } = await describedIn(desk, request)
    const partition = partitions[partitionOf(request.params as Target)]
    if (!partition) throw partitionMissing(request.params as Target)
    return jsonBytes(partitionAnswer(partition))
  })
}

async function produceTo(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
  const target = request.params as Target
  reply.type(answerType(request.headers.accept))
  const partition = target.partition === undefined ? undefined : partitionOf(target)
  const records = parseProduce(request.body, embeddedIn(request.headers['content-type']), partition)
  try {
    return Buffer.from(produced(await desk.take(target.topic, records, request)))
  } catch (error) {
    const named = records.some((record) => record.partition !== undefined)
    if (!named || !(error instanceof MillraceError) || error.code !== 'USAGE') throw error
    if (partition !== undefined) throw partitionMissing(target)
    reply.code(422)
    return Buffer.from(notProduced(records.length))
  }
}

async function describedIn(desk: Desk, { params }: FastifyRequest): Promise<TopicDescription> {
  const { topic } = params as Target
  const described = await desk.catalog.describe(topic)
  if (!described) throw refuse(404, `Topic ${topic} not found`, 40401)
  return described
}

function partitionOf(target: Target): number {
  if (/^\d{1,9}$/.test(target.partition ?? '')) return Number(target.partition)
  throw partitionMissing(target)
}

function partitionMissing({ topic, partition }: Target) {
  return refuse(404, `Partition ${partition} of topic ${topic} not found`, 40402)
}

/** Bytes, because a text would get a charset behind its type, which the proxies' clients do not expect. */
function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
