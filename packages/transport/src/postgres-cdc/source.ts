import { MillraceError, type Runtime } from '@millrace/base'
import { endAt, type Partition, type Position, type Source, type SourceOptions } from '../source.ts'
import { parsePostgresCdcAddress } from './address.ts'
import { checkServer, type ServerFacts } from './checks.ts'
import { type FollowedTable, openFollower } from './follower.ts'
import { openTableReader, type TableReader } from './partition-reader.ts'
import { placeAt, placeOf, positionOf, positionOfName } from './position.ts'
import { fromPostgres } from './postgres-error.ts'
import { checkPublished, publish } from './publication.ts'
import { openServer } from './server.ts'
import { checkSlot, makeSlot, slotName } from './slot.ts'
import { logEnd, startLsn } from './start.ts'
import { describeTable, type Table } from './table.ts'
import { openTypes, type Types } from './types.ts'

const ONLY_PARTITION = '0'
const SHUTDOWN = '57P01'

/**
 * The tables of a database of PostgreSQL: the topic of a table is called schema.table, and has one partition. A message is
 * a change as Debezium writes it. Who begins at the beginning reads the table's rows first, then its changes from the
 * log, which the server keeps for the group's slot.
 */
export function postgresCdcSource(address: string, runtime: Runtime, { group }: SourceOptions): Source {
  const parsed = parsePostgresCdcAddress(address)
  const named = parsed.slot ?? (group === undefined ? undefined : slotName(group, parsed.database))
  const publication = { name: parsed.publication ?? named ?? '', isOwn: parsed.publication === undefined }
  // A server that is shut down waits for those who follow its log, but not for other clients: these hear of it first.
  const server = openServer(parsed, (error) => {
    if ((error as NodeJS.ErrnoException).code === SHUTDOWN) follower?.interrupt(fromPostgres(error, 'reading the log'))
  })
  const prepare = async (tables: readonly FollowedTable[], from: bigint) => {
    for (const { oid, schema, name } of tables) {
      const now = await describeTable(server, schema, name)
      if (now.oid !== oid) throw changed(`${schema}.${name}`)
      await checkPublished(server, publication, now)
    }
    await checkSlot(server, named ?? '', from)
    return { slot: named ?? '', publication: publication.name }
  }
  const follower = named === undefined ? undefined : openFollower(parsed, prepare, runtime)
  const readers = new Map<string, TableReader>()
  /** How far the tables of the group are committed; undefined where that is not known yet. */
  const committed = new Map<string, bigint | undefined>()
  let checked: Promise<ServerFacts> | undefined
  let types: Promise<Types> | undefined
  let preparing: Promise<unknown> = Promise.resolve()
  const orAgain = async <T>(value: Promise<T>, forget: () => void): Promise<T> => {
    try {
      return await value
    } catch (error) {
      forget()
      throw error
    }
  }
  const facts = () => {
    checked ??= checkServer(server)
    return orAgain(checked, () => (checked = undefined))
  }
  const knownTypes = () => {
    types ??= openTypes(server)
    return orAgain(types, () => (types = undefined))
  }
  const look = async (topic: string): Promise<{ table: Table; partition: Partition }> => {
    const [schema, name] = tableOf(topic)
    const { systemId } = await facts()
    const table = await describeTable(server, schema, name)
    return { table, partition: { topic, identity: `${systemId}.${table.oid}`, id: ONLY_PARTITION } }
  }
  const partitions = async (topic: string) => [(await look(topic)).partition]
  const readerOf = async (partition: Partition) => {
    const { topic, identity } = partition
    const known = readers.get(topic)
    if (known) return known
    const [{ table, partition: now }, texts] = await Promise.all([look(topic), knownTypes()])
    if (now.identity !== identity) throw changed(topic)
    const reader = openTableReader({ server, database: parsed.database, types: texts, follower }, partition, table, runtime)
    readers.set(topic, reader)
    return reader
  }
  /** Makes publication and slot, one table after the other: the slot's place must be behind the publication's making. */
  const makeReady = (topic: string) => {
    const made = preparing.then(async () => {
      if (named === undefined) return
      const [{ table }, about] = await Promise.all([look(topic), facts()])
      await publish(server, publication, table)
      await makeSlot(server, named, about)
    })
    preparing = made.catch(() => {})
    return made
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
      if (start === 'latest') return positionOf(placeAt(await logEnd(server)))
      return positionOf({ phase: 'rows', lsn: await startLsn(server, runtime), next: 0n })
    },
    positionOf: positionOfName,
    end: async () => endAt(positionOf(placeAt(await logEnd(server)))),
    read: async (partition, from, options) => (await readerOf(partition)).read(from, options),
    async acknowledge(positions) {
      for (const [{ topic }, position] of positions) committed.set(topic, placeOf(position)?.lsn)
      const all = [...committed.values()]
      const known = all.filter((lsn) => lsn !== undefined)
      if (known.length === all.length) follower?.confirm(known.reduce((least, lsn) => (lsn < least ? lsn : least)))
    },
    async close() {
      await follower?.close()
      await server.close()
    },
  }
}

export function tableOf(topic: string): [schema: string, table: string] {
  const at = topic.indexOf('.')
  return [topic.slice(0, at), topic.slice(at + 1)]
}

function changed(topic: string): MillraceError {
  return new MillraceError('SOURCE_CHANGED', `table ${topic} was made anew, and is another one than that which was followed`, {
    next: 'Read it anew with a new group.',
  })
}
