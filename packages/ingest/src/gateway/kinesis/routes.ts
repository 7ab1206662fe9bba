import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayService } from '../service.ts'
import { allStored, described, stored, streamMissing, streamThere } from './answers.ts'
import { parseRecord, parseRecords, parseShardCount } from './request.ts'

/** Kinesis as it is mostly put behind API Gateway. The singular is as common as the plural. */
export function kinesisRoutes(app: FastifyInstance, service: GatewayService): void {
  for (const root of ['/streams', '/stream']) {
    app.put(`${root}/:stream/record`, async (request) => {
      const [sent] = await service.take(streamIn(request), [parseRecord(request.body)], request)
      return sent && stored(sent)
    })
    app.put(`${root}/:stream/records`, async (request) =>
      allStored(await service.take(streamIn(request), parseRecords(request.body), request)),
    )
    app.get(root, async (request) => ({ HasMoreStreams: false, StreamNames: await service.list(request) }))
    app.get(`${root}/:stream`, async (request) => {
      const found = await service.describe(streamIn(request), request)
      if (!found) throw streamMissing(streamIn(request))
      return described(found)
    })
    app.post(`${root}/:stream`, async (request) => {
      const made = await service.create(streamIn(request), parseShardCount(request.body), request)
      if (made === 'there') throw streamThere(streamIn(request))
      return {}
    })
    app.delete(`${root}/:stream`, async (request) => {
      if ((await service.remove(streamIn(request), request)) === 'missing') throw streamMissing(streamIn(request))
      return {}
    })
  }
}

function streamIn({ params }: FastifyRequest): string {
  return (params as { readonly stream: string }).stream
}
