import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'

/** What a service file says of a server: all that libpq's does and we know. */
export type Service = Readonly<Partial<Record<(typeof KNOWN)[number], string>>>

const KNOWN = ['host', 'port', 'dbname', 'user', 'password'] as const

/** Reads a service from the file that PGSERVICEFILE names, ~/.pg_service.conf, or the one in PGSYSCONFDIR. */
export function readService(name: string, address: string): Service {
  const { PGSERVICEFILE, PGSYSCONFDIR } = process.env
  const files = [
    PGSERVICEFILE ?? join(homedir(), '.pg_service.conf'),
    ...(PGSYSCONFDIR === undefined ? [] : [join(PGSYSCONFDIR, 'pg_service.conf')]),
  ]
  for (const file of files.filter((each) => existsSync(each))) {
    const service = servicesIn(readFileSync(file, 'utf8')).get(name)
    if (service) return service
  }
  throw new MillraceError('CONFIG_INVALID', `${address}: there is no service ${name} in ${files.join(' or ')}`, {
    next: 'Add it there as [name] with host, dbname, user and password, or name the file in PGSERVICEFILE.',
  })
}

function servicesIn(text: string): Map<string, Service> {
  const services = new Map<string, Record<string, string>>()
  let current: Record<string, string> | undefined
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    const [, section] = /^\[(.+)\]$/.exec(line) ?? []
    const [, key = '', value = ''] = /^([a-z_]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (section !== undefined) {
      current = services.get(section) ?? {}
      services.set(section, current)
    } else if (current && !line.startsWith('#') && (KNOWN as readonly string[]).includes(key)) {
      current[key] ??= value
    }
  }
  return services
}
