import { MillraceError, type Runtime } from '@millrace/base'
import type { Partition, Position, Source, SourceOptions } from '../source.ts'
import { parsePostgresCdcAddress } from './address.ts'
import { openGroup } from './group.ts'
import { openTableReader, type TableReader } from './partition-reader.ts'
import { earlier, passes, placeAt, placeOf, positionOf, positionOfName } from './position.ts'
import { madeAnew } from './server/postgres-error.ts'
import { type FindStart, logEnd, startFinder } from './start.ts'
import { shapeOf } from './table/shape.ts'

/**
 * The tables of a database of PostgreSQL: the topic of a table is called schema.table, and has one partition. A message is
 * a change as Debezium writes it. Who begins at the beginning reads the table's rows first, then its changes from the
 * log, which the server keeps for the group's slot.
 */
export function postgresCdcSource(address: string, runtime: Runtime, { group }: SourceOptions): Source {
  const parsed = parsePostgresCdcAddress(address)
  const { database } = parsed
  const { server, follower, types, keptBytes, look, makeReady, close } = openGroup(parsed, group, runtime)
  const finders = new Map<string, FindStart>()
  const readers = new Map<string, TableReader>()
  /** How far the tables of the group are committed; undefined where that is not known yet. */
  const committed = new Map<string, bigint | undefined>()
  const partitions = async (topic: string) => [(await look(topic)).partition]
  const finderOf = (topic: string) => {
    const finder = finders.get(topic) ?? startFinder(server, topic, runtime)
    finders.set(topic, finder)
    return finder
  }
  const readerOf = async (partition: Partition) => {
    const { topic, identity } = partition
    const known = readers.get(topic)
    if (known) return known
    const [{ table, partition: now }, texts] = await Promise.all([look(topic), types()])
    if (now.identity !== identity) throw madeAnew(topic)
    const all = { server, database, types: texts, follower, keptBytes, findStart: finderOf(topic) }
    const reader = openTableReader(all, partition, table, runtime)
    readers.set(topic, reader)
    return reader
  }
  return {
    url: address,
    async subscribe(topics, { assigned }) {
      for (const topic of topics) committed.set(topic, undefined)
      await assigned((await Promise.all(topics.map(partitions))).flat())
    },
    partitions,
    async resolve({ topic }, start): Promise<Position> {
      if (typeof start === 'object') {
        throw new MillraceError('SOURCE_UNSUPPORTED', 'the log of a database has no start by time', {
          next: 'Start at earliest, which reads the rows of the table first, or at latest.',
        })
      }
      await makeReady(topic)
      const shape = shapeOf((await look(topic)).table)
      const first = { round: 0n, next: 0n }
      if (start === 'latest') return positionOf({ phase: 'log', ...first, shape, lsn: await logEnd(server) })
      return positionOf({ phase: 'rows', ...first, ...(await finderOf(topic)(shape)), time: 0n })
    },
    positionOf: positionOfName,
    async end(partition) {
      const end = await logEnd(server)
      const areKnown = (await readerOf(partition)).askForRewrites(end)
      return { passedBy: (position) => areKnown() && passes(position, end) }
    },
    read: async (partition, from, options) => (await readerOf(partition)).read(from, options),
    async acknowledge(positions) {
      for (const [{ topic }, position] of positions) committed.set(topic, placeOf(position)?.lsn)
      const all = [...committed.values()]
      const known = all.filter((lsn) => lsn !== undefined)
      // A table whose place nobody knows yet may still need all that the slot holds.
      if (known.length === all.length) follower?.confirm(known.map(placeAt).reduce(earlier).lsn)
    },
    close,
  }
}
