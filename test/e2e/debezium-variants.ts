/** Options that change how Debezium's connectors write a table, and what the data set says of it then. */
export interface Variant {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly types: Readonly<Record<string, string>>
  /** Columns of which such topics do not tell all. */
  readonly without: readonly string[]
}

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'

const withoutSchemas = Object.fromEntries(
  ['key', 'value'].flatMap((what) => [
    [`${what}.converter`, JSON_CONVERTER],
    [`${what}.converter.schemas.enable`, 'false'],
  ]),
)

const rowsAlone = (deletes: 'rewrite' | 'tombstone') => ({
  ...{ transforms: 'unwrap', 'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState' },
  'transforms.unwrap.delete.tombstone.handling.mode': deletes,
})

/** Rows without envelope or schemas, where only a tombstone says that a row is gone. */
const plain = { ...rowsAlone('tombstone'), ...withoutSchemas, 'decimal.handling.mode': 'string' }
/** Kafka Connect's own types of times, decimals as floating numbers, and deletes as rows. */
const connectTypes = { ...rowsAlone('rewrite'), 'time.precision.mode': 'connect', 'decimal.handling.mode': 'double' }

const SHAPES = { g: 'Geometry', p: 'Geometry' }

export const OF_MARIADB: readonly Variant[] = [
  {
    name: 'plain',
    options: { ...plain, 'time.precision.mode': 'isostring' },
    types: { ...SHAPES, b12: 'Bits', bu: 'Decimal(0)', da: 'IsoDate' },
    without: ['t0', 't6'],
  },
  { name: 'connect', options: connectTypes, types: SHAPES, without: ['t0', 't6', 'dt6', 'd38'] },
  {
    name: 'bare',
    options: withoutSchemas,
    types: {
      ...{ ...SHAPES, b12: 'Bits', bu: 'Decimal(0)', d12: 'Decimal(2)', d38: 'Decimal(10)', da: 'Date' },
      ...{ t0: 'MicroTime', t6: 'MicroTime', dt: 'Timestamp', dt3: 'Timestamp', dt6: 'MicroTimestamp' },
    },
    without: [],
  },
]

export const OF_POSTGRES: readonly Variant[] = [
  {
    name: 'plain',
    options: { ...plain, 'time.precision.mode': 'isostring' },
    types: { b9: 'Bits', p: 'Point', iv: 'Interval', da: 'IsoDate', t: 'IsoTime' },
    without: ['ad'],
  },
  { name: 'connect', options: connectTypes, types: {}, without: ['t', 'ts', 'd38', 'num', 'an'] },
  {
    name: 'bare',
    options: withoutSchemas,
    types: {
      ...{ d12: 'Decimal(2)', d38: 'Decimal(10)', num: 'VariableScaleDecimal', cash: 'Decimal(2)', da: 'Date' },
      ...{ t: 'MicroTime', ts: 'MicroTimestamp', ts0: 'Timestamp', ts3: 'Timestamp', b9: 'Bits', p: 'Point' },
      ...{ iv: 'Interval', an: 'Decimal(2)[]', ad: 'Date[]' },
    },
    without: [],
  },
]
