import * as confluent from './confluent/answers.ts'
import * as kinesis from './kinesis/answers.ts'
import * as record from './record/item.ts'
import type { RecordPaths } from './record/routes.ts'
import type { Refusal } from './refusal.ts'

/** How one kind of API answers a refusal. */
interface Dialect {
  readonly type: string
  readonly refused: (refusal: Refusal) => object
}

const CONFLUENT: Dialect = {
  type: 'application/vnd.kafka.v2+json',
  refused: confluent.refused,
}

const KINESIS: Dialect = { type: 'application/json', refused: kinesis.refused }

const RECORD: Dialect = { type: 'application/json', refused: record.refused }

export function dialectOf(path: string, recordPaths: RecordPaths): Dialect {
  const [, first] = path.split(/[/?]/, 2)
  if (first === 'stream' || first === 'streams') return KINESIS
  return recordPaths.some(({ name }) => name === first) ? RECORD : CONFLUENT
}
