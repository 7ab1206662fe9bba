import { MillraceError } from '@millrace/base'
import { MODES } from '@millrace/transform'
import type { Source } from '@millrace/transport'
import type { OpenOutput, OutputKind } from './output.ts'
import type { DatabaseVerdict } from './postgres/verify.ts'

/** All outputs, by name or by the scheme of the address; a new one is a line here. */
const OUTPUTS: Readonly<Record<string, () => Promise<OutputKind>>> = {
  delta: async () => ({ open: (await import('./delta/output.ts')).openDelta, modes: ['append', 'upsert'] }),
  quarantine: async () => ({ open: (await import('./quarantine/output.ts')).openQuarantine, modes: MODES }),
  'cassandra:': async () => {
    const [{ openCassandra }, { fitsAddressed }] = await Promise.all([
      import('./cassandra/output.ts'),
      import('./cassandra/keys.ts'),
    ])
    return { open: openCassandra, fits: fitsAddressed, modes: ['append', 'upsert'], replaces: true }
  },
  'postgres:': async () => {
    const [{ openPostgres }, { fitsTable }] = await Promise.all([
      import('./postgres/output.ts'),
      import('./postgres/types.ts'),
    ])
    return { open: openPostgres, fits: fitsTable, modes: ['append', 'upsert'] }
  },
  'archive:': async () => {
    const { openArchive } = await import('./archive/output.ts')
    return { open: openArchive, modes: MODES, takes: 'messages' }
  },
}

/** Outputs of the user's own, from the configuration file, by the scheme of their addresses. */
const own = new Map<string, OpenOutput>()

export function addOutputs(outputs: Readonly<Record<string, OpenOutput>>): void {
  for (const [scheme, open] of Object.entries(outputs)) own.set(`${scheme}:`, open)
}

/** Returns the output that an address names. */
export async function outputAt(address: string): Promise<OutputKind> {
  const name = address.includes(':') ? address.slice(0, address.indexOf(':') + 1) : address
  const open = own.get(name)
  if (open) return { open }
  const load = OUTPUTS[name]
  if (load === undefined) throw new MillraceError('OUTPUT_ADDRESS', `no output for ${address}`)
  return load()
}

/** Compares the tables of a database with what it says of them; undefined where nothing is known of the output. */
export async function verifyDatabase(
  address: string,
  tables: readonly { readonly table: string; readonly isKeyed: boolean }[],
  source: Source | undefined,
): Promise<readonly DatabaseVerdict[] | undefined> {
  if (!address.startsWith('postgres:')) return undefined
  return (await import('./postgres/verify.ts')).verifyPostgres(address, tables, source)
}

/** Returns what a database that is an output says of itself; undefined where it is none. Changes nothing. */
export async function lookAtDatabase(address: string): Promise<string | undefined> {
  if (address.startsWith('postgres:')) return (await import('./postgres/look.ts')).lookAtPostgres(address)
  if (address.startsWith('cassandra:')) return (await import('./cassandra/look.ts')).lookAtCassandra(address)
  return undefined
}
