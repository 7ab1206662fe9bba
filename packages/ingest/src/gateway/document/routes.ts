import type { FastifyInstance } from 'fastify'
import type { RecordPaths } from '../record/routes.ts'
import { openApi } from './openapi.ts'
import { documentPage } from './page.ts'

const PUBLIC = { config: { isPublic: true } }

/** What the gateway says of itself; anybody may read it. */
export function documentRoutes(app: FastifyInstance, recordPaths: RecordPaths): void {
  const described = openApi(recordPaths)
  const document = JSON.stringify(described)
  const page = documentPage(described)
  app.get('/openapi.json', PUBLIC, (_request, reply) => reply.type('application/json').send(document))
  app.get('/docs', PUBLIC, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(page),
  )
  app.get('/healthz', PUBLIC, (_request, reply) => reply.type('application/json').send('{"status":"ok"}'))
}
