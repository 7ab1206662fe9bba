import { loadDataset } from '@millrace/transform'
import type { FastifyInstance } from 'fastify'
import type { Desk } from '../desk.ts'
import { itemProblems, parseItem } from './item.ts'

const DATASET = 'pin'

/** The small API of one post a request: it echoes the item, and says which fields are wrong. */
export async function pinRoutes(app: FastifyInstance, desk: Desk): Promise<void> {
  const { fields } = await loadDataset(DATASET)
  app.post('/pin/', async (request, reply) => {
    const item = parseItem(request.body)
    const problems = itemProblems(item, fields)
    if (problems.length > 0) return reply.code(422).send({ detail: problems })
    const value = request.body as Buffer
    await desk.take(DATASET, [{ value }], request)
    return reply.type('application/json; charset=utf-8').send(value)
  })
}
