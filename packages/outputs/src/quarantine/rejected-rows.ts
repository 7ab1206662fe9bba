import { joinValues, MillraceError, type Runtime, textOfKey } from '@millrace/base'
import { openScan, openTable, type Predicate, planScan, replaceRows, type Snapshot, schemaOf } from '@millrace/delta'
import { type Engine, quoteText } from '@millrace/engine'
import type { RawMessages } from '@millrace/formats'
import type { ObjectStore } from '@millrace/store'
import { quarantinePath } from './table.ts'

export interface QuarantineContext {
  readonly store: ObjectStore
  /** The clean table; its quarantine stands beside it. */
  readonly path: string
  readonly engine: Engine
  readonly workFolder: string
  readonly runtime: Runtime
}

/** A quarantined record: what it is known by, its bytes, and what the source said of it. */
export interface RejectedRow {
  readonly keys: Readonly<Record<(typeof KEYS)[number], string>>
  readonly value: Uint8Array | null
  /** The message's key. */
  readonly key: Uint8Array | null
  /** Milliseconds since 1970. */
  readonly time: number
}

const KEYS = ['pipeline', 'topic', 'identity', 'partition', 'offset'] as const

export const RECORDS_AT_ONCE = 5_000

export async function openQuarantine({ store, path }: QuarantineContext): Promise<Snapshot> {
  const snapshot = await openTable({ store, path: quarantinePath(path) })
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `${store.url}/${path} has no quarantine`)
  return snapshot
}

/** Returns the ids of replays that were interrupted. */
export async function interruptedIds(quarantine: Snapshot, engine: Engine): Promise<string[]> {
  const ids = await select(
    quarantine,
    "SELECT DISTINCT substr(state, 11) FROM t WHERE state LIKE 'replaying:%'",
    engine,
  )
  return ids.map(([id]) => String(id))
}

export async function rejectedRows(
  quarantine: Snapshot,
  where: string,
  from: number,
  engine: Engine,
): Promise<RejectedRow[]> {
  const columns = KEYS.map((key) => `"${key}"`).join(', ')
  // A table of an earlier version has no keys.
  const key = schemaOf(quarantine.metadata).fields.some(({ name }) => name === 'key') ? 'key' : 'NULL'
  const page = `LIMIT ${RECORDS_AT_ONCE} OFFSET ${from}`
  const rows = await select(
    quarantine,
    `SELECT ${columns}, value, ${key}, epoch_ms(time) FROM t WHERE ${where} ORDER BY ${columns} ${page}`,
    engine,
  )
  return rows.map((row) => {
    const keys = Object.fromEntries(KEYS.map((key, i) => [key, String(row[i])])) as RejectedRow['keys']
    const [value, key, time] = row.slice(KEYS.length) as [Bytes, Bytes, bigint]
    return { keys, value: value?.bytes ?? null, key: key?.bytes ?? null, time: Number(time) }
  })
}

type Bytes = { readonly bytes: Uint8Array } | null

/** Returns the records as their source handed them over, a block for each partition; they are in the order of their keys. */
export function blocksOf(records: readonly RejectedRow[]): RawMessages[] {
  return [...byPartition(records).values()].map((of) => {
    const { topic, partition } = (of[0] as RejectedRow).keys
    return {
      ...joinValues(of.map(({ value }) => value)),
      keys: of.map(({ key }) => (key ? textOfKey(key) : undefined)),
      times: Float64Array.from(of, ({ time }) => time),
      offsets: of.map(({ keys: { offset } }) => offset),
      partition: { topic, id: partition },
    }
  })
}

function byPartition(records: readonly RejectedRow[]): Map<string, RejectedRow[]> {
  return Map.groupBy(records, ({ keys: { offset: _, ...rest } }) => JSON.stringify(rest))
}

/** Sets the state of rows, copy on write. */
export async function mark(records: readonly RejectedRow[], state: string, parts: QuarantineContext): Promise<void> {
  const quarantine = await openQuarantine(parts)
  const connection = await parts.engine.connect()
  try {
    const where = whereKeys(records)
    const rows = await openScan(planScan(quarantine), connection)
    const wanted = records.map(({ keys }) => `(${KEYS.map((key) => quoteText(keys[key])).join(', ')})`).join(', ')
    const query = `
      SELECT * REPLACE (${quoteText(state)} AS state) FROM (${rows.sql})
      WHERE (${KEYS.map((key) => `"${key}"`).join(', ')}) IN (${wanted})`
    const context = { connection, folder: parts.workFolder, runtime: parts.runtime }
    const { outcome } = await replaceRows(quarantine, where, query, context, { progress: 'keep' })
    await rows[Symbol.asyncDispose]()
    if (outcome !== 'committed')
      throw new MillraceError('TABLE_CONFLICT', `${quarantinePath(parts.path)}: others changed it meanwhile`)
  } finally {
    connection.closeSync()
  }
}

/** Returns a predicate with one list of offsets for each partition. */
function whereKeys(records: readonly RejectedRow[]): Predicate {
  const of = [...byPartition(records).values()].map((group): Predicate => {
    const { offset: _, ...rest } = (group[0] as RejectedRow).keys
    const equal = Object.entries(rest).map(([column, value]): Predicate => ({ op: '=', column, value }))
    return { op: 'and', of: [...equal, { op: 'in', column: 'offset', values: group.map(({ keys }) => keys.offset) }] }
  })
  return { op: 'or', of }
}

async function select(snapshot: Snapshot, sql: string, engine: Engine): Promise<readonly (readonly unknown[])[]> {
  const connection = await engine.connect()
  try {
    await using rows = await openScan(planScan(snapshot), connection)
    return (await connection.runAndReadAll(`WITH t AS (${rows.sql}) ${sql}`)).getRows()
  } finally {
    connection.closeSync()
  }
}
