import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type Machine, quoteText } from '@millrace/engine'
import { createCleaner, DELETED, PLACE, TRUNCATED, wantedBefore, wantedMetadata } from '@millrace/transform'
import {
  type Block,
  type Partition,
  type Position,
  partitionKey,
  pickRecords,
  reached,
  type Source,
} from '@millrace/transport'
import { cleanedBatch } from '../cleaned-batch.ts'
import { sequenceTime } from './rows.ts'
import type { KeyedDataset } from './table.ts'
import { fitsCassandra, readValue } from './types.ts'
import { writeTimesOf } from './write-times.ts'

/** A range of a partition that a pipeline has brought into the table. */
export interface ReadRange {
  readonly partition: Partition
  readonly from: Position
  readonly to: Position
}

/** The keys that the records of a source have, and when the newest change of each was written. */
export interface ExpectedKeys {
  /** Reads and cleans the records of a range. Returns how many messages there are. */
  add(range: ReadRange): Promise<number>
  newest(): AsyncGenerator<readonly ExpectedKey[]>
  close(): void
}

export interface ExpectedKey {
  /** In the order of the data set's key, in the form that `boundValue` takes. */
  readonly values: readonly unknown[]
  readonly isDeleted: boolean
  /** The newest change has no earlier write timestamp than this, in microseconds. */
  readonly notBefore: number
}

const READ = { maxBytes: 8 << 20, waitMs: 5_000 }

export async function expectedKeys(dataset: KeyedDataset, source: Source, machine: Machine): Promise<ExpectedKeys> {
  const { format, metadata, keyed } = dataset
  const besides = wantedMetadata(metadata)
  const wants = { keys: besides.keys || format.readsKeys, headers: besides.headers, before: wantedBefore(dataset) }
  const options = { ...READ, ...wants }
  const cleaner = createCleaner(machine)
  const purpose = { dataset, group: '', positionOf: (name: bigint | string) => source.positionOf(name) }
  const columns = keyed.key.map((_, i) => `key_${i}`).join(', ')
  const connection = await machine.engine.connect()
  await connection.run('CREATE TEMP TABLE times (place BIGINT, time BIGINT, bound BIGINT)')

  /** Adds the newest change of each key in a block. Returns the clock of its partition after it. */
  const addBlock = async (block: Block, clock: number): Promise<number> => {
    const counts = { held: 0, elsewhere: 0, repeated: 0, unrecognized: [] }
    const name = partitionKey(block.partition)
    const times = writeTimesOf([block]).after(new Map([[name, clock]]))
    const batch = cleanedBatch([{ block, messages: block, ...counts }], [], purpose, cleaner, machine)
    const changes = await batch.changes(undefined, dataset)
    try {
      if (changes.path !== undefined) {
        await putTimes(connection, block, times.at)
        const found = keysAndTimes(dataset, changes.path)
        await connection.run(`CREATE TEMP TABLE IF NOT EXISTS seen AS ${found} LIMIT 0; INSERT INTO seen ${found}`)
      }
    } finally {
      await changes.discard()
    }
    return times.clocks.get(name) ?? clock
  }
  return {
    async add({ partition, from, to }) {
      let [messages, clock] = [0, 0]
      for (let at = from; !reached(at, to); ) {
        const found = await source.read(partition, at, options)
        if (!found) throw noAnswer(partition, at, to)
        const block = reached(to, found.to) ? found : cutAt(found, to, source)
        messages += block.count
        clock = await addBlock(block, clock)
        at = found.to
      }
      return messages
    },
    async *newest() {
      const known = await connection.runAndReadAll("SELECT 1 FROM duckdb_tables() WHERE table_name = 'seen'")
      if (known.currentRowCount === 0) return
      const result = await connection.stream(
        `SELECT ${columns}, arg_max(deleted, time), arg_max(bound, time) FROM seen GROUP BY ${columns}`,
      )
      for await (const rows of result.yieldRows()) {
        yield rows.map((row): ExpectedKey => {
          const [isDeleted, notBefore] = row.slice(keyed.key.length)
          return { values: row.slice(0, keyed.key.length), isDeleted: isDeleted === true, notBefore: Number(notBefore) }
        })
      }
    },
    close: () => connection.closeSync(),
  }
}

/**
 * Puts the write timestamp of each record where SQL finds it, and a bound that holds whatever other records were
 * written between: its own time.
 */
async function putTimes(connection: DuckDBConnection, block: Block, timeOf: (place: number) => number): Promise<void> {
  await connection.run('TRUNCATE times')
  const appender = await connection.createAppender('times')
  for (let place = 0; place < block.count; place++) {
    const time = timeOf(place)
    appender.appendBigInt(BigInt(place))
    appender.appendBigInt(BigInt(time))
    appender.appendBigInt(BigInt(Math.min(time, Math.max(0, Math.floor(block.times[place] ?? 0)) * 1000)))
    appender.endRow()
  }
  appender.closeSync()
}

/** Returns a SELECT of the keys in a file of changes, with their times. What Cassandra cannot hold is in the quarantine. */
function keysAndTimes({ schema: { fields }, keyed: { key, sequenceBy } }: KeyedDataset, path: string): string {
  const keys = key.map((name, i) => {
    const field = fields.find((each) => each.name === name)
    return `${field ? readValue(field) : 'NULL'} AS key_${i}`
  })
  const sequence = fields.find(({ name }) => name === sequenceBy[0])
  const times = sequence
    ? [`${sequenceTime(sequence)} AS time`, `${sequenceTime(sequence)} AS bound`]
    : ['time', 'bound']
  return `SELECT ${[...keys, `${DELETED} AS deleted`, ...times].join(', ')}
    FROM read_parquet(${quoteText(path)}, hive_partitioning = false) JOIN times ON place = ${PLACE}
    WHERE NOT ${TRUNCATED} AND (${DELETED} OR (${fitsCassandra(fields, key)}))`
}

function cutAt(block: Block, to: Position, source: Source): Block {
  const all = Array.from({ length: block.count }, (_, i) => i)
  return pickRecords(
    block,
    all.filter((i) => !reached(source.positionOf(block.offsets[i] ?? ''), to)),
  )
}

function noAnswer({ topic, id }: Partition, at: Position, to: Position): MillraceError {
  return new MillraceError(
    'SOURCE_UNREACHABLE',
    `${topic}/${id} did not answer at ${at}, before ${to}, which the table has`,
  )
}
