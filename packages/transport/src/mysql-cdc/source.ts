import { MillraceError, type Runtime } from '@millrace/base'
import type { Partition, Source } from '../source.ts'
import { tableOf } from '../tables/messages.ts'
import { parseMysqlCdcAddress } from './address.ts'
import { openReading } from './log/charsets.ts'
import { openSharedLog, type SharedLog } from './log/shared-log.ts'
import { openTableReader, type TableReader } from './partition-reader.ts'
import { logBehind, passes, positionOf, positionOfName } from './position.ts'
import { checkServer } from './server/checks.ts'
import { describeTable, findTable } from './server/columns.ts'
import { logEnd, openServer, type Server } from './server/server.ts'
import { spotOf } from './spot.ts'
import { startPlace } from './start.ts'

const ONLY_PARTITION = '0'
const BEGIN = { round: 0n, next: 0n, time: 0n }

/**
 * The tables of a database of MySQL or MariaDB: the topic of a table is called database.table, and has one partition. A
 * message is a change as Debezium writes it. Who begins at the beginning reads the table's rows first, then its
 * changes from the log.
 */
export function mysqlCdcSource(address: string, runtime: Runtime): Source {
  const parsed = parseMysqlCdcAddress(address, process.env)
  const server = openServer(parsed)
  const readers = new Map<string, Promise<TableReader>>()
  let checked: Promise<string> | undefined
  let log: Promise<SharedLog> | undefined
  const orAgain = async <T>(value: Promise<T>, forget: () => void): Promise<T> => {
    try {
      return await value
    } catch (error) {
      forget()
      throw error
    }
  }
  const identity = () => {
    checked ??= checkServer(server)
    return orAgain(checked, () => (checked = undefined))
  }
  const sharedLog = () => {
    log ??= openReading(server).then((reading) => openSharedLog(parsed, reading, runtime))
    return orAgain(log, () => (log = undefined))
  }
  const partitionsOf = async (
    topic: string,
    describe: (server: Server, database: string, name: string) => Promise<unknown>,
  ): Promise<Partition[]> => {
    const [database, name] = tableOf(topic)
    if (database !== parsed.database) {
      throw new MillraceError('TOPIC_MISSING', `${topic} is no table of ${parsed.database}`, {
        next: 'A topic is called database.table.',
      })
    }
    const of = await identity()
    await describe(server, database, name)
    return [{ topic, identity: of, id: ONLY_PARTITION }]
  }
  const readerOf = (partition: Partition) => {
    const { topic } = partition
    const known = readers.get(topic)
    if (known) return known
    const made = sharedLog().then((shared) => openTableReader(parsed, partition, server, shared, runtime))
    readers.set(topic, made)
    return orAgain(made, () => readers.delete(topic))
  }
  return {
    url: address,
    async subscribe(topics, { assigned }) {
      // A table that is gone may have changes that nobody has read: what became of it is in the log.
      await assigned((await Promise.all(topics.map((topic) => partitionsOf(topic, findTable)))).flat())
    },
    partitions: (topic) => partitionsOf(topic, describeTable),
    async resolve({ topic }, start) {
      if (start === 'latest')
        return positionOf({ ...(await spotOf(server, await logEnd(server))), phase: 'log', ...BEGIN, within: 0n })
      if (start !== 'earliest') {
        throw new MillraceError('SOURCE_UNSUPPORTED', 'the log of a database has no start by time', {
          next: 'Start at earliest, which reads the rows of the table first, or at latest.',
        })
      }
      const [database, name] = tableOf(topic)
      const begin = await startPlace(parsed, database, name)
      return positionOf({ ...begin, phase: 'rows', ...BEGIN })
    },
    positionOf: positionOfName,
    repeatableFrom: logBehind,
    async end() {
      const number = await server.number()
      const end = await spotOf(server, await logEnd(server))
      return { passedBy: (position) => passes(position, end, server.lastNumber ?? number) }
    },
    async read(partition, from, options) {
      return (await readerOf(partition)).read(from, options)
    },
    acknowledge: async () => {},
    async close() {
      for (const reader of readers.values()) await reader.then(({ close }) => close()).catch(() => {})
      await server.close()
    },
  }
}
