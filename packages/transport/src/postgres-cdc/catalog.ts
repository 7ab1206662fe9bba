import { MillraceError } from '@millrace/base'
import type { TopicCatalog } from '../catalog.ts'
import { parsePostgresCdcAddress } from './address.ts'
import { openServer, quoteText } from './server.ts'
import { lookAtSlots } from './slot-findings.ts'

export function postgresCdcCatalog(address: string): TopicCatalog {
  const parsed = parsePostgresCdcAddress(address)
  const { schema, tables } = parsed
  const server = openServer(parsed)
  const list = async () => {
    const where = tables ? '' : `AND n.nspname = ${quoteText(schema)}`
    const rows = await server.rows(
      `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' ${where}`,
    )
    const present = rows.map(([space, name]) => `${space}.${name}`)
    return present.filter((name) => tables?.includes(name) ?? true).sort()
  }
  return {
    list,
    async describe(name) {
      if (!(await list()).includes(name)) return undefined
      return { name, configs: {}, partitions: [{ id: '0', leader: -1, replicas: [] }], ready: true }
    },
    findings: () => lookAtSlots(server, parsed.slot),
    create: async (name) => refuse(address, name),
    remove: async (name) => refuse(address, name),
    close: () => server.close(),
  }
}

/** Fails for what nobody but the database's own users may do. */
export function refuse(address: string, what: string): never {
  throw new MillraceError('SOURCE_UNSUPPORTED', `${address}: ${what} cannot be made, written or removed from here`, {
    next: 'The database is only read; its own users write it.',
  })
}
