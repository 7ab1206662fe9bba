import {
  commit,
  committedOrThrow,
  openOrCreate,
  openTable,
  REPEATS,
  replaceRows,
  type Snapshot,
  stageRows,
  type TableRef,
  type Txn,
  type UpsertPlan,
  uploadAll,
  type WriteContext,
} from '@millrace/delta'
import type { Dataset, Keyed } from '@millrace/transform'

/** Returns the path of the table of deleted keys that belongs to a keyed table. */
function tombstonesPath(table: string): string {
  return `${table}_tombstones`
}

/**
 * Application whose txn in a keyed table is the version of its table of deleted keys. A commit that deletes advances it,
 * so a commit of changes that were compared with an older version conflicts: otherwise an older change could bring a
 * deleted row back.
 */
export const TOMBSTONES = 'millrace-tombstones'

/**
 * Deleted keys, each with the sequence of the change that deleted it; NULL stands for all keys, after a change that
 * deleted all rows. They are written before the commit that deletes: a tombstone without its commit does no harm, because
 * the delete is read again.
 */
export interface Tombstones {
  /** Returns the newest state; undefined where nothing was deleted yet. Read it after the keyed table. */
  read(): Promise<Snapshot | undefined>
  /** Adds what the plan deletes, and returns the txn for the commit that deletes it. */
  add(plan: Pick<UpsertPlan, 'newTombstones'>, context: WriteContext): Promise<Txn[]>
  /** Deletes expired tombstones. */
  expire(context: WriteContext): Promise<boolean>
}

const DELETED_AT = 'millrace_deleted_at'

export function openTombstones({ store, path }: TableRef, { schema }: Dataset, keyed: Keyed): Tombstones {
  const { key, sequenceBy, tombstoneRetentionMs } = keyed
  const ref = { store, path: tombstonesPath(path) }
  const fields = [...key, ...sequenceBy]
    .flatMap((name) => schema.fields.filter((field) => field.name === name))
    // The tombstone of all keys has no key.
    .map((field) => ({ ...field, nullable: true }))
  const own = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} })
  const ownColumns = [own(DELETED_AT, 'timestamp'), ...(keyed.mode === 'history' ? [own(REPEATS, 'boolean')] : [])]
  const wanted = {
    schema: { type: 'struct' as const, fields: [...fields, ...ownColumns] },
    description: `Keys that were deleted from ${path}`,
  }
  const isNeeded = sequenceBy.length > 0
  return {
    read: async () => (isNeeded ? openTable(ref) : undefined),
    async add({ newTombstones }, { connection, folder, runtime }) {
      if (!isNeeded) return []
      const table = await openOrCreate(ref, wanted, runtime)
      const now = new Date(runtime.now()).toISOString()
      const rows = `SELECT *, TIMESTAMPTZ '${now}' AS ${DELETED_AT} FROM (${newTombstones})`
      const files = await stageRows(connection, rows, table, folder, runtime)
      if (files.length === 0) return []
      await uploadAll(ref, files)
      const transaction = { operation: 'STREAMING UPDATE', add: files.map(({ add }) => add) }
      const { version } = committedOrThrow(await commit(table, transaction, runtime))
      return [{ appId: TOMBSTONES, version: BigInt(version), lastUpdated: runtime.now() }]
    },
    async expire(context) {
      const table = await openTable(ref)
      if (!table) return false
      const before = new Date(context.runtime.now() - tombstoneRetentionMs).toISOString()
      const nothing = `SELECT NULL AS ${DELETED_AT} WHERE false`
      const result = await replaceRows(table, { op: '<', column: DELETED_AT, value: before }, nothing, context)
      return result.outcome === 'committed' && result.snapshot.files.size !== table.files.size
    },
  }
}
