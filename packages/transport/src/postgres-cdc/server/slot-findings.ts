import type { CatalogFinding } from '../../catalog.ts'
import { checkServer } from './checks.ts'
import { quoteText, type Server } from './server.ts'

/** So much of the log is too much for a slot that nobody reads, on a server that sets no bound itself. */
const MUCH = 1 << 30

/** Looks at what a worker needs to follow the log, and at the slots of this database that are ours. */
export async function lookAtSlots(server: Server, named: string | undefined): Promise<CatalogFinding[]> {
  await checkServer(server)
  const [about] = await server.rows(
    `SELECT rolsuper OR rolreplication OR EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = 'rds_replication' AND pg_has_role(r.oid, 'MEMBER')),
       current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
       (SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'), current_user
     FROM pg_roles WHERE rolname = current_user`,
  )
  const [mayReplicate, free, mostKept, user] = about ?? []
  const isBounded = Number(mostKept) >= 0
  const bound = isBounded ? `${mostKept} MB` : 'without a bound: max_slot_wal_keep_size is not set'
  const check = 'replication'
  const detail = `${user} may replicate, ${free} slots are free, the log is kept for a slot up to ${bound}`
  const right = {
    check,
    detail: `${user} may not replicate`,
    next: `ALTER ROLE ${user} REPLICATION (on RDS: GRANT rds_replication TO ${user}).`,
  }
  const slots = await server.rows(
    `SELECT slot_name, active, wal_status, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0), safe_wal_size FROM pg_replication_slots
     WHERE database = current_database() AND plugin = 'pgoutput'
       AND ${named === undefined ? "slot_name LIKE 'millrace\\_%'" : `slot_name = ${quoteText(named)}`} ORDER BY 1`,
  )
  return [
    mayReplicate === 't' ? { check, detail } : right,
    ...slots.map(([name, active, status, kept, left]) => {
      return slotFinding({ name: name ?? '', isActive: active === 't', status, kept: Number(kept), left, isBounded })
    }),
  ]
}

interface SeenSlot {
  readonly name: string
  readonly isActive: boolean
  readonly status: string | null | undefined
  /** Bytes of the log that are kept for it. */
  readonly kept: number
  /** Bytes that may still be written before the slot is lost, where the server sets a bound. */
  readonly left: string | null | undefined
  readonly isBounded: boolean
}

function slotFinding({ name, isActive, status, kept, left, isBounded }: SeenSlot): CatalogFinding {
  const check = `slot ${name}`
  const size = `${(kept / (1 << 20)).toFixed(1)} MB of the log are kept for it`
  const drop = `SELECT pg_drop_replication_slot(${quoteText(name)})`
  if (status === 'lost') {
    return {
      check,
      detail: 'the server has given it up',
      next: `Read the tables anew with a new group, and drop it: ${drop}.`,
    }
  }
  if (status === 'unreserved' || (left != null && Number(left) <= 0)) {
    return {
      check,
      detail: `${size}, and the server is about to give it up`,
      next: 'Start its worker, or give max_slot_wal_keep_size more.',
    }
  }
  if (!isActive && !isBounded && kept > MUCH) {
    return {
      check,
      detail: `${size}, without a bound, and nobody reads it`,
      next: `Start its worker, or drop it: ${drop}. Set max_slot_wal_keep_size.`,
    }
  }
  return { check, detail: `${size}, ${isActive ? 'a worker reads it' : 'nobody reads it now'}` }
}
