import { type Dataset, loadDataset } from '@millrace/transform'
import type { FastifyInstance } from 'fastify'
import type { GatewayService } from '../service.ts'
import { itemProblems, parseItem } from './item.ts'

/** Data sets whose records are taken one a request, too, at `POST /<name>/`. */
export type RecordPaths = readonly Pick<Dataset, 'name' | 'description' | 'fields'>[]

export async function loadRecordPaths(datasets: readonly string[], folders: readonly string[]): Promise<RecordPaths> {
  return Promise.all(datasets.map((name) => loadDataset(name, folders)))
}

/** The small API of one record a request: it echoes the record, and says which fields are wrong. */
export function recordRoutes(app: FastifyInstance, paths: RecordPaths, service: GatewayService): void {
  for (const { name, fields } of paths) {
    app.post(`/${name}/`, async (request, reply) => {
      const item = parseItem(request.body)
      const problems = itemProblems(item, fields)
      if (problems.length > 0) return reply.code(422).send({ detail: problems })
      const value = request.body as Buffer
      await service.take(name, [{ value }], request)
      return reply.type('application/json; charset=utf-8').send(value)
    })
  }
}
