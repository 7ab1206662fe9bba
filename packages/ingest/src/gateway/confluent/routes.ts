import { MillraceError } from '@millrace/base'
import type { TopicDescription } from '@millrace/transport'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendPlain } from '../plain-answer.ts'
import { refuse } from '../refusal.ts'
import type { GatewayService } from '../service.ts'
import { notProduced, partitionAnswer, produced, topicAnswer } from './answers.ts'
import { answerType, embeddedIn } from './media-types.ts'
import { parseProduce } from './request.ts'

interface Target {
  readonly topic: string
  readonly partition?: string
}

/** What Confluent's REST Proxy, version 2, answers to producers. */
export function confluentRoutes(app: FastifyInstance, service: GatewayService): void {
  const produce = (request: FastifyRequest, reply: FastifyReply) => produceTo(service, request, reply)
  app.post('/topics/:topic', produce)
  app.post('/topics/:topic/partitions/:partition', produce)

  const get = (path: string, answer: (request: FastifyRequest) => Promise<unknown>) =>
    app.get(path, async (request, reply) => {
      const type = answerType(request.headers.accept)
      return sendPlain(reply, type, JSON.stringify(await answer(request)))
    })
  get('/topics', (request) => service.list(request))
  get('/topics/:topic', async (request) => topicAnswer(await describedIn(service, request)))
  get('/topics/:topic/partitions', async (request) =>
    (await describedIn(service, request)).partitions.map(partitionAnswer),
  )
  get('/topics/:topic/partitions/:partition', async (request) => {
    const target = request.params as Target
    const partition = (await describedIn(service, request)).partitions[partitionOf(target)]
    if (!partition) throw partitionMissing(target)
    return partitionAnswer(partition)
  })
}

async function produceTo(service: GatewayService, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const target = request.params as Target
  const type = answerType(request.headers.accept)
  const partition = target.partition === undefined ? undefined : partitionOf(target)
  const records = parseProduce(request.body, embeddedIn(request.headers['content-type']), partition)
  try {
    return sendPlain(reply, type, produced(await service.take(target.topic, records, request)))
  } catch (error) {
    const named = records.some((record) => record.partition !== undefined)
    if (!named || !(error instanceof MillraceError) || error.code !== 'USAGE') throw error
    if (partition !== undefined) throw partitionMissing(target)
    return sendPlain(reply.code(422), type, notProduced(records.length))
  }
}

async function describedIn(service: GatewayService, request: FastifyRequest): Promise<TopicDescription> {
  const { topic } = request.params as Target
  const described = await service.describe(topic, request)
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
