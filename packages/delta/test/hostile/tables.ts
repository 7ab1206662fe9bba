import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'

/** The log of a table with one file, `own.parquet`, whose one row has 7 in column n; a case changes it. */
export interface HostileLog {
  readonly lines: Map<string, string>
  readonly files: Map<string, string | Uint8Array>
  protocol: Record<string, unknown>
  metadata: Record<string, unknown>
  add: Record<string, unknown>
}

/** What a case makes of the log; a Parquet file is made from a SELECT. */
export type Change = (log: HostileLog, parquet: (select: string) => Promise<Uint8Array>) => void | Promise<void>

/** What comes of reading the table: the value in its file, no row, or the code of a refusal. */
export type Outcome = 7 | 'nothing' | 'TABLE_BROKEN' | 'TABLE_UNSUPPORTED' | 'QUERY_FAILED'

export type Case = readonly [name: string, change: Change, outcome: Outcome]

export async function parquetOf(connection: DuckDBConnection, select: string, path: string): Promise<void> {
  await connection.run(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`)
}

const V0 = '00000000000000000000'
const V1 = '00000000000000000001'

const metadata =
  (change: object): Change =>
  (log) => {
    Object.assign(log.metadata, change)
  }
const add =
  (change: object): Change =>
  (log) => {
    Object.assign(log.add, change)
  }

const property =
  (name: string, value: string): Change =>
  ({ metadata }) => {
    metadata.configuration = Object.fromEntries([[name, value]])
  }

const protocol =
  (change: object): Change =>
  (log) => {
    Object.assign(log.protocol, change)
  }

const PROTOCOLS: readonly Case[] = [
  ['features without their lists', protocol({ minReaderVersion: 3, minWriterVersion: 7 }), 'TABLE_BROKEN'],
  [
    'features of readers alone',
    protocol({ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [] }),
    'TABLE_BROKEN',
  ],
  [
    'features of writers alone',
    protocol({ minReaderVersion: 3, minWriterVersion: 7, writerFeatures: [] }),
    'TABLE_BROKEN',
  ],
  ['a reader version below zero', protocol({ minReaderVersion: -1 }), 'TABLE_BROKEN'],
  [
    'a reader version to come',
    protocol({ minReaderVersion: 99, minWriterVersion: 99, readerFeatures: [], writerFeatures: [] }),
    'TABLE_UNSUPPORTED',
  ],
]

const PROPERTIES: readonly Case[] = [
  ['column mapping of no known mode', property('delta.columnMapping.mode', 'nonsense'), 7],
  ['column mapping that the protocol does not announce', property('delta.columnMapping.mode', 'name'), 7],
  ['a retention below zero', property('delta.deletedFileRetentionDuration', 'interval -9999 days'), 7],
  ['a retention without end', property('delta.deletedFileRetentionDuration', `interval 1${'0'.repeat(300)} days`), 7],
  ['a retention that is none', property('delta.deletedFileRetentionDuration', "'; DROP TABLE x --"), 7],
  ['a log retention below zero', property('delta.logRetentionDuration', 'interval -1 weeks'), 7],
  ['a log retention of nothing', property('delta.logRetentionDuration', ''), 7],
  ['statistics of columns that are a quote', property('delta.dataSkippingStatsColumns', '`,``,"'), 7],
  ['statistics of a million columns', property('delta.dataSkippingStatsColumns', 'n,'.repeat(500_000)), 7],
  ['statistics of a number that is none', property('delta.dataSkippingNumIndexedCols', 'NaN'), 7],
  ['a property named as what objects come from', property('__proto__', '{"delta.appendOnly":"true"}'), 7],
  ['a property without a name', property('', 'true'), 7],
  ['a constraint of ten thousand parentheses', property('delta.constraints.c', '('.repeat(10_000)), 7],
  ['a constraint that is a statement', property('delta.constraints.c', "n > 0); COPY (SELECT 1) TO '/tmp/x'; --"), 7],
  ['a constraint that would read a file', property('delta.constraints.c', "n IN (SELECT n FROM '/etc/passwd')"), 7],
  [
    'ten thousand properties',
    ({ metadata }) => {
      metadata.configuration = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`delta.p${i}`, 'true']))
    },
    7,
  ],
  ['properties that are a list', metadata({ configuration: ['true'] }), 'TABLE_BROKEN'],
]

const file =
  (name: string, content: string | Uint8Array): Change =>
  ({ files }) =>
    void files.set(`_delta_log/${name}`, content)

const OTHER_ADD = JSON.stringify({
  add: { path: 'gone.parquet', partitionValues: {}, size: 1, modificationTime: 1, dataChange: true },
})

const COMPACTIONS: readonly Case[] = [
  ['a compaction of garbage', file(`${V0}.${V1}.compacted.json`, '\u0000\u0001{"add":'), 7],
  ['an empty compaction', file(`${V0}.${V1}.compacted.json`, ''), 7],
  ['a compaction of other files', file(`${V0}.${V1}.compacted.json`, OTHER_ADD), 7],
  ['a compaction that ends before it begins', file(`${V1}.${V0}.compacted.json`, OTHER_ADD), 7],
  ['a compaction without end', file(`${V0}.99999999999999999999.compacted.json`, OTHER_ADD), 7],
  ['a compaction of versions to come', file(`00000000000000000002.00000000000000000005.compacted.json`, OTHER_ADD), 7],
  ['a version of twenty nines', file('99999999999999999999.json', OTHER_ADD), 7],
  [
    'a compaction alone that is not reconciled',
    ({ lines, files }) => {
      lines.delete(V1)
      files.set(`_delta_log/${V1}.00000000000000000002.compacted.json`, `${OTHER_ADD}\n${OTHER_ADD}\n`)
    },
    'nothing',
  ],
  [
    'a gap in the log',
    ({ files }) => void files.set('_delta_log/00000000000000000007.json', OTHER_ADD),
    'TABLE_BROKEN',
  ],
]

const checkpoint =
  (select: string, version = V1): Change =>
  async ({ files }, parquet) =>
    void files.set(`_delta_log/${version}.checkpoint.parquet`, await parquet(select))

const alone =
  (change: Change): Change =>
  async (log, parquet) => {
    await change(log, parquet)
    log.lines.clear()
  }

const CHECKPOINTS: readonly Case[] = [
  ['a checkpoint of garbage', file(`${V1}.checkpoint.parquet`, 'PAR1 garbage PAR1'), 7],
  ['an empty checkpoint', file(`${V1}.checkpoint.parquet`, ''), 7],
  ['a checkpoint of garbage alone', alone(file(`${V1}.checkpoint.parquet`, 'PAR1 garbage PAR1')), 'TABLE_BROKEN'],
  ['a checkpoint without actions', alone(checkpoint('SELECT 1 AS x')), 'TABLE_BROKEN'],
  ['a checkpoint whose adds are texts', alone(checkpoint("SELECT 'x' AS add, 'y' AS protocol")), 'TABLE_BROKEN'],
  ['a checkpoint whose adds are lists', alone(checkpoint('SELECT [1, 2] AS add, [3] AS metaData')), 'TABLE_BROKEN'],
  ['a checkpoint whose paths are numbers', alone(checkpoint('SELECT {path: 5, size: 1} AS add')), 'TABLE_BROKEN'],
  [
    'a checkpoint whose schema is a number',
    alone(checkpoint('SELECT {schemaString: 5} AS metaData, {minReaderVersion: 1, minWriterVersion: 2} AS protocol')),
    'TABLE_BROKEN',
  ],
  ['a part of a checkpoint of a billion', file(`${V1}.checkpoint.0000000001.1000000000.parquet`, 'x'), 7],
  [
    'a checkpoint of removes that are numbers',
    checkpoint('SELECT {path: 5, deletionTimestamp: 9999999999999} AS remove'),
    'TABLE_BROKEN',
  ],
  ['a checkpoint of a remove that is a text', checkpoint("SELECT 'x' AS remove"), 'TABLE_BROKEN'],
  ['part nine of one', file(`${V1}.checkpoint.0000000009.0000000001.parquet`, 'x'), 7],
  ['a checkpoint of no parts', file(`${V1}.checkpoint.0000000000.0000000000.parquet`, 'x'), 7],
  ['a checkpoint of a version to come', file('00000000000000000099.checkpoint.parquet', 'PAR1'), 'TABLE_BROKEN'],
  ['a hint of garbage', file('_last_checkpoint', '{"version":'), 7],
  ['a hint below zero', file('_last_checkpoint', '{"version":-5}'), 7],
  ['a hint at a fraction', file('_last_checkpoint', '{"version":0.5}'), 7],
  ['a hint at infinity', file('_last_checkpoint', '{"version":1e308}'), 7],
  ['a hint at a list', file('_last_checkpoint', '[]'), 7],
  ['a hint at nothing', file('_last_checkpoint', 'null'), 7],
  ['a hint of two megabytes', file('_last_checkpoint', `{"version":1,"x":"${'y'.repeat(2 << 20)}"}`), 7],
  ['a hint at a checkpoint that is not there', file('_last_checkpoint', '{"version":1}'), 7],
  ['a hint at a billion parts', file('_last_checkpoint', '{"version":1,"parts":1000000000}'), 7],
  ['a checksum of garbage', file(`${V1}.crc`, '{{{'), 7],
  ['a checksum that is another', file(`${V1}.crc`, '{"numFiles":5,"tableSizeBytes":1}'), 'TABLE_BROKEN'],
  [
    'a sidecar outside of the lake',
    alone(
      file(
        `${V1}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`,
        '{"sidecar":{"path":"../../../outside/secret.parquet","sizeInBytes":1,"modificationTime":1}}',
      ),
    ),
    'TABLE_BROKEN',
  ],
  [
    'a sidecar of the machine',
    alone(
      file(
        `${V1}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`,
        '{"sidecar":{"path":"/etc/passwd","sizeInBytes":1,"modificationTime":1}}',
      ),
    ),
    'TABLE_BROKEN',
  ],
]

const schema =
  (fields: readonly unknown[]): Change =>
  ({ metadata }) => {
    metadata.schemaString = JSON.stringify({ type: 'struct', fields })
  }
const column = (name: unknown, type: unknown, more: object = {}) => ({
  name,
  type,
  nullable: true,
  metadata: {},
  ...more,
})
const N = column('n', 'integer')
const nested = (levels: number) =>
  `${'{"type":"array","containsNull":true,"elementType":'.repeat(levels)}"long"${'}'.repeat(levels)}`

const SCHEMAS: readonly Case[] = [
  ['a column that is there twice', schema([N, N]), 7],
  ['a column in two letter cases', schema([N, column('N', 'integer')]), 7],
  ['a column without a name', schema([N, column('', 'string')]), 7],
  ['a name that closes the quotes', schema([N, column('x" FROM y; DROP TABLE z; --', 'string')]), 7],
  ['a name that closes a text', schema([N, column("x'}, 'y': {name: 'c0', type: 'INTEGER'}, --", 'string')]), 7],
  ['a name of a megabyte', schema([N, column('x'.repeat(1 << 20), 'string')]), 7],
  ['two thousand columns', schema([N, ...Array.from({ length: 2000 }, (_, i) => column(`c${i}`, 'string'))]), 7],
  ['a type that is SQL', schema([N, column('x', "INTEGER); COPY (SELECT 1) TO '/tmp/x'; --")]), 7],
  ['a decimal of no digits', schema([N, column('x', 'decimal(0,0)')]), 7],
  ['a decimal below zero', schema([N, column('x', 'decimal(-1,-1)')]), 7],
  ['a struct without fields', schema([N, column('x', { type: 'struct', fields: [] })]), 7],
  [
    'a hundred and one levels',
    metadata({ schemaString: `{"type":"struct","fields":[{"name":"n","type":${nested(101)}}]}` }),
    'TABLE_BROKEN',
  ],
  ['twenty thousand levels', metadata({ schemaString: nested(20_000) }), 'TABLE_BROKEN'],
  ['no columns', schema([]), 'QUERY_FAILED'],
  ['a type narrower than the file has', schema([column('n', 'byte')]), 7],
  ['metadata of a column that is a list', schema([column('n', 'integer', { metadata: [] })]), 'TABLE_BROKEN'],
  ['a partition column that is no column', metadata({ partitionColumns: ['nobody'] }), 7],
  ['a partition column without values', metadata({ partitionColumns: ['n'] }), 'TABLE_BROKEN'],
  ['a partition column twice', metadata({ partitionColumns: ['nobody', 'nobody'] }), 7],
  ['a format that is not Parquet', metadata({ format: { provider: 'csv', options: {} } }), 'TABLE_UNSUPPORTED'],
]

const stats = (text: unknown): Change => add({ stats: text })

const STATISTICS: readonly Case[] = [
  ['statistics of garbage', stats('{{{'), 7],
  ['statistics that are null', stats('null'), 7],
  ['statistics that are a number', stats(5), 'TABLE_BROKEN'],
  ['rows below zero', stats('{"numRecords":-5}'), 7],
  ['rows without end', stats('{"numRecords":1e308}'), 7],
  ['rows that are a text', stats('{"numRecords":"7; DROP"}'), 7],
  ['rows that are an object', stats('{"numRecords":{"a":1}}'), 7],
  ['bounds that are a list', stats('{"numRecords":1,"minValues":[1],"maxValues":[2]}'), 7],
  ['bounds that are objects', stats('{"numRecords":1,"minValues":{"n":{"n":1}},"maxValues":{"n":[]}}'), 7],
  [
    'bounds of the prototype',
    stats('{"numRecords":1,"minValues":{"__proto__":{"n":9}},"nullCount":{"constructor":1}}'),
    7,
  ],
  ['a bound of a megabyte of digits', stats(`{"numRecords":1,"minValues":{"n":1${'0'.repeat(1 << 20)}}}`), 7],
  [
    'a bound with a huge exponent',
    stats('{"numRecords":1,"minValues":{"n":1e-999999999},"maxValues":{"n":1e999999999}}'),
    7,
  ],
  ['nulls without end', stats('{"numRecords":1,"nullCount":{"n":1e99}}'), 7],
  ['statistics twenty thousand levels deep', stats(`${'{"minValues":'.repeat(20_000)}1${'}'.repeat(20_000)}`), 7],
  ['a size below zero', add({ size: -1 }), 'TABLE_BROKEN'],
  ['a size that is another', add({ size: 2 ** 50 }), 7],
]

/** Every case: what is in it, and what comes of reading it. */
export const HOSTILE_TABLES: readonly Case[] = [
  ...PROTOCOLS,
  ...PROPERTIES,
  ...COMPACTIONS,
  ...CHECKPOINTS,
  ...SCHEMAS,
  ...STATISTICS,
]
