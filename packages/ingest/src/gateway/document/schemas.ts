import { MOST_PARTITIONS } from '../limits.ts'
import type { RecordPaths } from '../record/routes.ts'

const anything = {}
const text = { type: 'string' }
const whole = { type: 'integer' }

function object(properties: Readonly<Record<string, object>>, required = Object.keys(properties)) {
  return { type: 'object', properties, required }
}

function list(items: object) {
  return { type: 'array', items }
}

export function schema(name: keyof typeof SCHEMAS | `record_${string}`) {
  return { $ref: `#/components/schemas/${name}` }
}

const partition = object({
  partition: whole,
  leader: whole,
  replicas: list(object({ broker: whole, leader: { type: 'boolean' }, in_sync: { type: 'boolean' } })),
})

export const SCHEMAS = {
  ProduceRequest: object({
    records: {
      ...list(object({ key: anything, value: anything, partition: whole }, [])),
      minItems: 1,
    },
  }),
  ProduceAnswer: object({
    key_schema_id: { type: ['integer', 'null'] },
    value_schema_id: { type: ['integer', 'null'] },
    offsets: list(object({ partition: whole, offset: whole, error_code: whole, error: text }, [])),
  }),
  Partition: partition,
  Topic: object({ name: text, configs: { type: 'object', additionalProperties: text }, partitions: list(partition) }),
  Names: list(text),
  ConfluentError: object({ error_code: whole, message: text }),
  Record: object({ StreamName: text, Data: anything, PartitionKey: text }, ['Data', 'PartitionKey']),
  Records: object({ records: { ...list(object({ data: anything, 'partition-key': text })), maxItems: 500 } }),
  Stored: object({ SequenceNumber: text, ShardId: text }),
  AllStored: object({ FailedRecordCount: whole, Records: list(object({ SequenceNumber: text, ShardId: text })) }),
  Streams: object({ HasMoreStreams: { type: 'boolean' }, StreamNames: list(text) }),
  Stream: object({ StreamDescription: { type: 'object' } }),
  NewStream: object({ ShardCount: { ...whole, minimum: 1, maximum: MOST_PARTITIONS } }, []),
  Nothing: { type: 'object', maxProperties: 0 },
  KinesisError: object({ __type: text, message: text }, ['message']),
  RecordError: object({ detail: { anyOf: [text, list(object({ type: text, loc: list(anything), msg: text }))] } }),
}

/** The fields of a data set: whole numbers where it wants them, texts elsewhere. */
export function recordSchema({ fields }: RecordPaths[number]) {
  return object(Object.fromEntries(fields.map(({ name, type }) => [name, type === 'text' ? text : whole])))
}
