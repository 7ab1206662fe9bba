import type { RecordPaths } from '../record/routes.ts'
import { PATHS, recordPath } from './paths.ts'
import { recordSchema, SCHEMAS } from './schemas.ts'

const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Millrace gateway',
    version: '1',
    summary: 'Takes records by HTTP and answers when they are durable.',
    description:
      'Three APIs that emulators already speak: Confluent REST Proxy v2 for producers, Kinesis behind API Gateway, and one record a request. Whatever comes in under an `Idempotency-Key` counts once, however often it is sent.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{}, { key: [] }, { bearer: [] }, { basic: [] }],
  tags: [
    { name: 'Confluent REST Proxy v2' },
    { name: 'Kinesis behind API Gateway', description: 'Also under /stream, in the singular.' },
    { name: 'One record a request' },
    { name: 'The gateway itself' },
  ],
  paths: PATHS,
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      bearer: { type: 'http', scheme: 'bearer' },
      basic: { type: 'http', scheme: 'basic', description: 'The key as the password.' },
    },
    schemas: SCHEMAS,
  },
} as const

/** Returns what the gateway takes and answers as an OpenAPI document. */
export function openApi(recordPaths: RecordPaths) {
  const { paths, components, ...rest } = OPENAPI
  return {
    ...rest,
    paths: { ...paths, ...Object.fromEntries(recordPaths.map((path) => [`/${path.name}/`, recordPath(path)])) },
    components: {
      ...components,
      schemas: {
        ...components.schemas,
        ...Object.fromEntries(recordPaths.map((path) => [`record_${path.name}`, recordSchema(path)])),
      },
    },
  }
}
