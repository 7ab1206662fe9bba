import { createHash } from 'node:crypto'
import { MillraceError } from '@millrace/base'
import { lsnText, parseLsn } from '../position.ts'
import { logEnd } from '../start.ts'
import type { ServerFacts } from './checks.ts'
import { unsuited } from './postgres-error.ts'
import { quoteText, type Server } from './server.ts'

export interface Slot {
  /** Everything before is confirmed: the server does not send it again. */
  readonly confirmed: bigint
}

const LONGEST_NAME = 63
const FAILOVER_FROM = 170_000

/** Returns the name of the slot and publication of a group: it has lower-case letters, digits and underscores. */
export function slotName(group: string, database: string): string {
  const wanted = group === 'millrace' ? `millrace_${database}` : `millrace_${group}_${database}`
  const name = wanted.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_')
  if (name === wanted && name.length <= LONGEST_NAME) return name
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 8)
  return `${name.slice(0, LONGEST_NAME - hash.length - 1)}_${hash}`
}

/** Makes the slot if there is none. From version 17 on it is one that standbys take over. */
export async function makeSlot(server: Server, name: string, { version }: ServerFacts): Promise<void> {
  if (await findSlot(server, name)) return
  const failover = version >= FAILOVER_FROM ? ', false, true' : ''
  try {
    await server.rows(`SELECT pg_create_logical_replication_slot(${quoteText(name)}, 'pgoutput', false${failover})`)
  } catch (error) {
    // Another worker of the group was faster.
    if (!(await findSlot(server, name).catch(() => undefined))) throw error
  }
}

async function findSlot(server: Server, name: string): Promise<Slot | undefined> {
  const [row] = await server.rows(
    `SELECT plugin, database = current_database(), wal_status, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = ${quoteText(name)}`,
  )
  if (!row) return undefined
  const [plugin, isHere, status, confirmed] = row
  if (plugin !== 'pgoutput' || isHere !== 't') {
    throw unsuited(`slot ${name} is of another plugin or database`, 'Name a slot of another name: ?slot=NAME.')
  }
  if (status === 'lost') {
    throw gone(
      `the server has thrown away what slot ${name} was to hold, as that was more than max_slot_wal_keep_size`,
      `Drop it (SELECT pg_drop_replication_slot(${quoteText(name)})), give max_slot_wal_keep_size more, and read the tables anew with a new group.`,
    )
  }
  return { confirmed: confirmed == null ? 0n : parseLsn(confirmed) }
}

/** Returns how many bytes of the log the server keeps for a slot. */
export async function keptBySlot(server: Server, name: string): Promise<number> {
  const [row] = await server.rows(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots WHERE slot_name = ${quoteText(name)}`,
  )
  return Number(row?.[0] ?? 0)
}

/** Fails where the slot does not hold all from a place on, or where the log does not go up to another one. */
export async function checkSlot(server: Server, name: string, from: bigint, furthest: bigint): Promise<void> {
  const end = await logEnd(server)
  if (furthest > end) {
    throw gone(
      `the log ends at ${lsnText(end)}, before ${lsnText(furthest)}, up to which it was read`,
      'The server has lost a part of its log: it was brought back from a backup, perhaps. Read the tables anew with a new group.',
    )
  }
  const slot = await findSlot(server, name)
  if (!slot) {
    throw gone(
      `slot ${name} is gone, and with it the changes since ${lsnText(from)}`,
      'Somebody has dropped it, or a standby without it has taken over. Read the tables anew with a new group.',
    )
  }
  if (from < slot.confirmed) {
    throw gone(
      `slot ${name} is confirmed up to ${lsnText(slot.confirmed)}, behind ${lsnText(from)}, where reading is to go on`,
      'Another reader has used it. Read the tables anew with a new group, which has a slot of its own.',
    )
  }
}

function gone(what: string, next: string): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', what, { next })
}
