import { MillraceError } from '@millrace/base'
import { MODES } from '@millrace/transform'
import type { OpenOutput, OutputKind } from './output.ts'

/** All outputs, by name or by the scheme of the address; a new one is a line here. */
const OUTPUTS: Readonly<Record<string, () => Promise<OutputKind>>> = {
  delta: async () => ({ open: (await import('./delta/output.ts')).openDelta, modes: MODES }),
  quarantine: async () => ({ open: (await import('./quarantine/output.ts')).openQuarantine, modes: MODES }),
  'cassandra:': async () => {
    const [{ openCassandra }, { fitsAddressed }, { lookAtCassandra }, { verifyCassandra }] = await Promise.all([
      import('./cassandra/output.ts'),
      import('./cassandra/keys.ts'),
      import('./cassandra/look.ts'),
      import('./cassandra/verify.ts'),
    ])
    const modes = ['append', 'upsert'] as const
    const places = { look: lookAtCassandra, verify: verifyCassandra }
    return { open: openCassandra, fits: fitsAddressed, ...places, modes, replaces: true }
  },
  'postgres:': async () => {
    const [{ openPostgres }, { fitsTable }, { lookAtPostgres }, { verifyPostgres }] = await Promise.all([
      import('./postgres/output.ts'),
      import('./postgres/types.ts'),
      import('./postgres/look.ts'),
      import('./postgres/verify.ts'),
    ])
    const modes = ['append', 'upsert'] as const
    return { open: openPostgres, fits: fitsTable, look: lookAtPostgres, verify: verifyPostgres, modes, evolves: true }
  },
  'archive:': async () => {
    const [{ openArchive }, { verifyArchived }, { parseArchiveAddress }] = await Promise.all([
      import('./archive/output.ts'),
      import('./archive/verify.ts'),
      import('@millrace/transport'),
    ])
    const place = (address: string) => parseArchiveAddress(address).place
    return { open: openArchive, verify: verifyArchived, place, modes: MODES, takes: 'messages' }
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
