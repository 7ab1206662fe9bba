import { MillraceError } from '@millrace/base'
import type { TopicCatalog } from '../catalog.ts'

/** The tables of a database as topics: one partition each, and nobody but the database's own users makes or removes one. */
export function catalogOfTables(
  address: string,
  list: () => Promise<string[]>,
  close: () => Promise<void>,
): TopicCatalog {
  return {
    list,
    async describe(name) {
      if (!(await list()).includes(name)) return undefined
      return { name, configs: {}, partitions: [{ id: '0', leader: -1, replicas: [] }], ready: true }
    },
    create: async (name) => refuse(address, name),
    remove: async (name) => refuse(address, name),
    close,
  }
}

/** Fails for what nobody but the database's own users may do. */
export function refuse(address: string, what: string): never {
  throw new MillraceError('SOURCE_UNSUPPORTED', `${address}: ${what} cannot be made, written or removed from here`, {
    next: 'The database is only read; its own users write it.',
  })
}
