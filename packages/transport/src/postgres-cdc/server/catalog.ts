import type { TopicCatalog } from '../../catalog.ts'
import { catalogOfTables } from '../../tables/catalog.ts'
import { parsePostgresCdcAddress } from '../address.ts'
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
  return { ...catalogOfTables(address, list, () => server.close()), findings: () => lookAtSlots(server, parsed.slot) }
}
