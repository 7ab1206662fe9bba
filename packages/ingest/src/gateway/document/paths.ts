import type { RecordPaths } from '../record/routes.ts'
import { type SCHEMAS, schema } from './schemas.ts'

type SchemaName = keyof typeof SCHEMAS | `record_${string}`

const CONFLUENT = {
  tag: 'Confluent REST Proxy v2',
  type: 'application/vnd.kafka.v2+json',
  error: 'ConfluentError',
} as const
const KINESIS = { tag: 'Kinesis behind API Gateway', type: 'application/json', error: 'KinesisError' } as const
const RECORD = { tag: 'One record a request', type: 'application/json', error: 'RecordError' } as const

interface Dialect {
  readonly tag: string
  readonly type: string
  readonly error: SchemaName
}

interface Operation {
  readonly summary: string
  readonly answer: SchemaName
  readonly body?: { readonly types: readonly string[]; readonly schema: SchemaName; readonly example?: object }
  /** By status: what it means there. */
  readonly errors?: Readonly<Record<number, string>>
}

/** What any of them may answer. */
const ALWAYS: Readonly<Record<number, string>> = {
  401: 'A key is needed.',
  403: 'The key is not known or may not do this, the topic is internal, or the message system does not let us.',
  429: 'Too much at once; Retry-After says when.',
  503: 'The message system does not answer.',
}

const WRITING: Readonly<Record<number, string>> = {
  400: 'The body is not JSON, or not UTF-8.',
  408: 'Not acknowledged in time (40801): send it again with its Idempotency-Key.',
  413: 'The body is too large, or holds too many records.',
  415: 'The Content-Type is none of JSON.',
  422: 'A record is wrong, the message names it; or the Idempotency-Key came with another body before.',
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same for the same request, such as a UUID: its records count once, however often it is sent.',
  schema: { type: 'string', maxLength: 200 },
}

function operation({ tag, type, error }: Dialect, { summary, answer, body, errors }: Operation) {
  const failures = { ...(body && WRITING), ...errors, ...ALWAYS }
  return {
    tags: [tag],
    summary,
    ...(body && { parameters: [IDEMPOTENCY_KEY], requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      200: { description: 'Done.', content: { [type]: { schema: schema(answer) } } },
      ...Object.fromEntries(
        Object.entries(failures).map(([status, description]) => [
          status,
          { description, content: { [type]: { schema: schema(error) } } },
        ]),
      ),
    },
  }
}

function contentOf({ types, schema: name, example }: NonNullable<Operation['body']>) {
  return Object.fromEntries(types.map((type) => [type, { schema: schema(name), ...(example && { example }) }]))
}

function pathParameters(...names: readonly string[]) {
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

const PRODUCE_TYPES = ['application/vnd.kafka.json.v2+json', 'application/vnd.kafka.binary.v2+json']
const JSON_TYPES = ['application/json']
const TOPIC_MISSING = { 404: 'There is no such topic (40401) or partition (40402).' }
const STREAM_MISSING = { 400: 'ResourceNotFoundException: there is no such stream.' }
const NOT_OURS = { 406: 'No type that Accept names is spoken here.', 415: 'No Content-Type that producers use.' }

const produce = operation(CONFLUENT, {
  summary: 'Records into a topic; answers with their offsets',
  body: {
    types: PRODUCE_TYPES,
    schema: 'ProduceRequest',
    example: {
      records: [
        { key: 'k', value: { index: 1 } },
        { value: { index: 2 }, partition: 0 },
      ],
    },
  },
  answer: 'ProduceAnswer',
  errors: { ...TOPIC_MISSING, ...NOT_OURS },
})

const putRecord = operation(KINESIS, {
  summary: 'One record into a stream',
  body: {
    types: JSON_TYPES,
    schema: 'Record',
    example: { StreamName: 'orders', Data: { index: 1 }, PartitionKey: 'customer-7' },
  },
  answer: 'Stored',
})

const putRecords = operation(KINESIS, {
  summary: 'Up to 500 records into a stream',
  body: {
    types: JSON_TYPES,
    schema: 'Records',
    example: { records: [{ data: { index: 1 }, 'partition-key': 'customer-7' }] },
  },
  answer: 'AllStored',
})

export const PATHS = {
  '/topics': {
    get: operation(CONFLUENT, { summary: 'The names of all topics', answer: 'Names' }),
  },
  '/topics/{topic}': {
    parameters: pathParameters('topic'),
    get: operation(CONFLUENT, {
      summary: 'A topic: its settings and partitions',
      answer: 'Topic',
      errors: TOPIC_MISSING,
    }),
    post: produce,
  },
  '/topics/{topic}/partitions': {
    parameters: pathParameters('topic'),
    get: operation(CONFLUENT, { summary: "A topic's partitions", answer: 'Names', errors: TOPIC_MISSING }),
  },
  '/topics/{topic}/partitions/{partition}': {
    parameters: pathParameters('topic', 'partition'),
    get: operation(CONFLUENT, { summary: 'One partition', answer: 'Partition', errors: TOPIC_MISSING }),
    post: { ...produce, summary: 'Records into one partition' },
  },
  '/streams': {
    get: operation(KINESIS, { summary: 'The names of all streams', answer: 'Streams' }),
  },
  '/streams/{stream}': {
    parameters: pathParameters('stream'),
    get: operation(KINESIS, { summary: 'A stream and its shards', answer: 'Stream', errors: STREAM_MISSING }),
    post: operation(KINESIS, {
      summary: 'Makes a stream',
      body: { types: JSON_TYPES, schema: 'NewStream', example: { ShardCount: 1 } },
      answer: 'Nothing',
    }),
    delete: operation(KINESIS, { summary: 'Removes a stream', answer: 'Nothing', errors: STREAM_MISSING }),
  },
  '/streams/{stream}/record': { parameters: pathParameters('stream'), put: putRecord },
  '/streams/{stream}/records': { parameters: pathParameters('stream'), put: putRecords },
} as const

export function recordPath({ name, fields }: RecordPaths[number]) {
  return {
    post: operation(RECORD, {
      summary: `One record, with its ${fields.length} fields, into the topic ${name}; answers with the record`,
      body: { types: JSON_TYPES, schema: `record_${name}` },
      answer: `record_${name}`,
    }),
  }
}
