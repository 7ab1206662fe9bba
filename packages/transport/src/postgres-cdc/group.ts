import type { Runtime } from '@millrace/base'
import type { Partition } from '../source.ts'
import { tableOf } from '../tables/messages.ts'
import type { PostgresCdcAddress } from './address.ts'
import { type Follower, openFollower } from './replication/follower.ts'
import type { FollowedTable } from './replication/queues.ts'
import { checkServer } from './server/checks.ts'
import { fromPostgres } from './server/postgres-error.ts'
import { checkPublished, publish } from './server/publication.ts'
import { openServer, type Server } from './server/server.ts'
import { checkSlot, keptBySlot, makeSlot, slotName } from './server/slot.ts'
import { describeTable, type Table, tableNow } from './table/table.ts'
import { openTypes, type Types } from './table/types.ts'

/** The database as one group reads it: with its slot and publication. */
export interface GroupReading {
  readonly server: Server
  /** Reads changes, by the group's slot; a reader without a group has no slot, and reads rows only. */
  readonly follower: Follower | undefined
  types(): Promise<Types>
  look(topic: string): Promise<{ readonly table: Table; readonly partition: Partition }>
  /** Returns how many bytes of the log the server keeps for the slot, as it was a short time ago. */
  keptBytes(): number | undefined
  /** Makes publication and slot, unless they are there, so that they tell all changes of the table from now on. */
  makeReady(topic: string): Promise<void>
  close(): Promise<void>
}

const ONLY_PARTITION = '0'
/** How often the server is asked how much it keeps. */
const KEPT_EVERY_MS = 5_000
/** The server ends a connection because it shuts down, or takes no new one. */
const SHUTDOWN = /^57P0[13]$/

export function openGroup(address: PostgresCdcAddress, group: string | undefined, runtime: Runtime): GroupReading {
  const { database } = address
  const slot = address.slot ?? (group === undefined ? undefined : slotName(group, database))
  const publication = { name: address.publication ?? slot ?? '', isOwn: address.publication === undefined }
  // A server that is shut down waits for those who follow its log, but not for other clients: these hear of it first.
  const server = openServer(address, (error) => {
    const { code = '' } = (error ?? {}) as NodeJS.ErrnoException
    if (SHUTDOWN.test(code)) follower?.interrupt(fromPostgres(error, 'reading the log'))
  })
  const facts = remembered(() => checkServer(server))
  const types = remembered(() => openTypes(server))
  const look: GroupReading['look'] = async (topic) => {
    const [schema, name] = tableOf(topic)
    const { systemId } = await facts()
    const table = await describeTable(server, schema, name)
    return { table, partition: { topic, identity: `${systemId}.${table.oid}`, id: ONLY_PARTITION } }
  }
  const prepare = async (tables: readonly FollowedTable[], from: bigint, furthest: bigint) => {
    for (const table of tables) {
      const now = await tableNow(server, table)
      if (now) await checkPublished(server, publication, now)
    }
    await checkSlot(server, slot ?? '', from, furthest)
    return { slot: slot ?? '', publication: publication.name }
  }
  const follower = slot === undefined ? undefined : openFollower(address, prepare, runtime)
  // One table after the other: the slot's place must be behind the publication's making.
  let making: Promise<unknown> = Promise.resolve()
  const make = async (topic: string) => {
    if (slot === undefined) return
    const [{ table }, about] = await Promise.all([look(topic), facts()])
    await publish(server, publication, table)
    await makeSlot(server, slot, about)
  }
  let kept: number | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  return {
    ...{ server, follower, types, look },
    keptBytes() {
      if (slot !== undefined && runtime.monotonic() - askedAt > KEPT_EVERY_MS) {
        askedAt = runtime.monotonic()
        keptBySlot(server, slot).then(
          (bytes) => {
            kept = bytes
          },
          () => {},
        )
      }
      return kept
    },
    makeReady(topic) {
      const made = making.then(() => make(topic))
      making = made.catch(() => {})
      return made
    },
    async close() {
      await follower?.close()
      await server.close()
    },
  }
}

/** Asks once; after an error it asks again. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined
      throw error
    })
    return answer
  }
}
