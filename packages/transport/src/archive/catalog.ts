import { MillraceError, systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import type { TopicCatalog } from '../catalog.ts'
import { parseArchiveAddress } from './address.ts'
import { partitionsIn, topicsIn } from './topics.ts'

export function archiveCatalog(address: string): TopicCatalog {
  const opened = openLake(parseArchiveAddress(address).place, { runtime: systemRuntime })
  return {
    list: async () => topicsIn(await opened),
    async describe(name) {
      const found = await partitionsIn(await opened, name)
      if (found.length === 0) return undefined
      const partitions = found.map(({ id }) => ({ id, leader: -1, replicas: [] }))
      return { name, configs: {}, partitions, ready: true }
    },
    create: async (name) => refuse(address, name),
    remove: async (name) => refuse(address, name),
    close: async () => {},
  }
}

/** Fails for what only a stream may do. */
export function refuse(address: string, what: string): never {
  throw new MillraceError('SOURCE_UNSUPPORTED', `${address}: ${what} cannot be made or removed in an archive`, {
    next: 'A stream with the archive as its output writes it; whoever owns the bucket removes it.',
  })
}
