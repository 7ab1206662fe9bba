import * as confluent from './confluent/answers.ts'
import * as kinesis from './kinesis/answers.ts'
import * as pin from './pin/item.ts'
import type { Refusal } from './refusal.ts'

/** How a refusal is said to the clients of one kind of API. */
interface Dialect {
  readonly paths: RegExp
  readonly type: string
  readonly refused: (refusal: Refusal) => object
}

const CONFLUENT: Dialect = {
  paths: /^\/topics(\/|$|\?)/,
  type: 'application/vnd.kafka.v2+json',
  refused: confluent.refused,
}

const OTHERS: readonly Dialect[] = [
  { paths: /^\/streams?(\/|$|\?)/, type: 'application/json', refused: kinesis.refused },
  { paths: /^\/pin(\/|$|\?)/, type: 'application/json', refused: pin.refused },
]

export function dialectOf(path: string): Dialect {
  return OTHERS.find(({ paths }) => paths.test(path)) ?? CONFLUENT
}
