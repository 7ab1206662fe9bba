import { type Server, textOf, unsuited } from './server.ts'

/** What is asked of the server's settings, and what to do where it is not so. */
const WANTED: readonly (readonly [name: string, value: RegExp, next: string])[] = [
  ['log_bin', /^(ON|1)$/i, 'Start the server with log_bin (on RDS: switch automated backups on).'],
  ['binlog_format', /^ROW$/i, 'SET GLOBAL binlog_format = ROW, and connect its clients anew.'],
  ['binlog_row_image', /^FULL$/i, 'SET GLOBAL binlog_row_image = FULL, and connect its clients anew.'],
  [
    'binlog_row_metadata',
    /^FULL$/i,
    'SET GLOBAL binlog_row_metadata = FULL: changes come with the names of their columns then. It takes MariaDB 10.5 or MySQL 8.',
  ],
  ['log_bin_compress', /^(OFF|0|)$/i, 'SET GLOBAL log_bin_compress = OFF.'],
  ['binlog_transaction_compression', /^(OFF|0|)$/i, 'SET GLOBAL binlog_transaction_compression = OFF.'],
]

/** May be missing: only the other of the two servers has it. */
const OPTIONAL = new Set(['log_bin_compress', 'binlog_transaction_compression'])

/**
 * Throws if the server's log would not have everything that is needed. Returns what the server has in common with the
 * servers that may replace it: for MariaDB, the GTID domain of its transactions.
 */
export async function checkServer(server: Server): Promise<string> {
  const rows = await server.rows('SHOW GLOBAL VARIABLES')
  const variables = new Map(rows.map(([name, value]) => [textOf(name), textOf(value)]))
  for (const [name, wanted, next] of WANTED) {
    const value = variables.get(name)
    if (value === undefined && OPTIONAL.has(name)) continue
    if (value === undefined || !wanted.test(value)) throw unsuited(`${name} is ${value ?? 'not known there'}`, next)
  }
  const domain = variables.get('gtid_domain_id')
  return domain === undefined ? (variables.get('server_uuid') ?? 'a server') : `domain ${domain}`
}
