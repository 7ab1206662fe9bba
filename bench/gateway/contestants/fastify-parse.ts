// Fastify 5 with its own JSON parser: the body is parsed, nothing is kept, a constant is answered
import fastify from 'fastify'
import { underLoad } from '../under-load.ts'

await underLoad(async () => {
  const app = fastify({ bodyLimit: 16 << 20 })
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/vnd.kafka.json.v2+json', { parseAs: 'string' }, parse)
  app.post('/topics/:topic', async () => ({ offsets: [] }))
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() }
})
