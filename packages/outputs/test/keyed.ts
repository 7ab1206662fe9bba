import { checkDescription, type Dataset } from '@millrace/transform'
import { USERS } from './batches.ts'

const DESCRIPTION = {
  description: 'People, as their database changes',
  fields: { id: { type: 'long' }, name: { type: 'text' }, seq: { type: 'long' }, op: { type: 'text' } },
  columns: {
    id: { type: 'long' },
    name: { type: 'string' },
    seq: { type: 'long' },
    op: { type: 'string', keep: false },
  },
  mode: 'upsert',
  key: ['id'],
  sequenceBy: ['seq'],
  deleteWhen: "op = 'd'",
}

/** People with an id and a name; `seq` says which change is newer, and `op` d deletes. */
export function peopleDataset(changes: object = {}): Dataset {
  const sql = 'WITH trimmed AS (SELECT *, trim(name) AS short FROM raw) SELECT id, short AS name, seq, op FROM trimmed'
  return { name: 'people', ...checkDescription({ ...DESCRIPTION, ...changes }, 'people'), sql }
}

/** A record that changes a person, or deletes one. */
export function person(id: number | null, seq: number | null, name: string | null, op = 'u'): string {
  return JSON.stringify({ id, name, seq, op })
}

/** Users as a table with one row for each `ind`: the one that is read last. */
export function keyedUsers(): Dataset {
  const keyed = { mode: 'upsert', key: ['ind'], sequenceBy: [], deleteWhen: undefined } as const
  const rest = { notKept: [], ignoreEqual: false, tombstoneRetentionMs: 0 }
  return { ...USERS, keyed: { ...keyed, ...rest } }
}
