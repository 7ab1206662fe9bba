import { MillraceError } from '@millrace/base'
import type { StructField } from '@millrace/delta'
import type { Dataset, Keyed } from '@millrace/transform'
import type { Session } from './session.ts'
import { cassandraType } from './types.ts'

/** A table of the data set, in a keyspace. */
export interface TableName {
  readonly keyspace: string
  readonly table: string
}

/** A data set with the key of its table here. */
export type KeyedDataset = Dataset & { readonly keyed: Keyed }

export const PROGRESS = 'millrace_progress'

/** Returns a table's name in CQL. */
export function inKeyspace({ keyspace }: TableName, table: string): string {
  return `${quoted(keyspace)}.${quoted(table)}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Names are letters, digits and _ in Cassandra; the longest has 48. */
export function refuseName(name: string): void {
  if (/^\w{1,48}$/.test(name)) return
  throw new MillraceError('OUTPUT_ADDRESS', `${name} is no name of a table in Cassandra`, {
    next: 'It takes up to 48 letters, digits and _: give the table of the data set such a name.',
  })
}

const MOST_COPIES = 3

/**
 * Makes the keyspace, the table, the columns that it lacks, and the table of the progress beside it. Refuses another
 * key, and columns of other types. Returns the names of the columns.
 */
export async function makeTable(
  session: Session,
  at: TableName,
  { schema: { fields }, keyed }: KeyedDataset,
  replication: number | undefined,
): Promise<string[]> {
  const found = await columnsOf(session, at)
  // Whoever may not make tables can still fill those that are there.
  const isWhole = found.size > 0 && (await columnsOf(session, { ...at, table: PROGRESS })).size > 0
  if (!isWhole) await create(session, at, { fields, keyed, replication })
  const columns = found.size > 0 ? found : await columnsOf(session, at)
  const place = `${at.keyspace}.${at.table}`
  for (const { name, type } of fields) {
    const [goal, is] = [cassandraType(type), columns.get(name)?.type]
    if (is === undefined) {
      await session.execute(`ALTER TABLE ${inKeyspace(at, at.table)} ADD IF NOT EXISTS ${quoted(name)} ${goal}`)
    } else if (is !== goal) {
      throw new MillraceError('TABLE_SCHEMA', `${place}: column ${name} is ${is}, and would be ${goal}`)
    }
  }
  const inKey = [...columns.values()].filter((column) => column.inKey).map(({ name }) => name)
  if (inKey.toSorted().join() === keyed.key.toSorted().join()) return [...columns.keys()]
  throw new MillraceError(
    'TABLE_SCHEMA',
    `${place}: its primary key is ${inKey.join(', ')}, and would be ${keyed.key.join(', ')}`,
  )
}

interface Wanted {
  readonly fields: readonly StructField[]
  readonly keyed: Keyed
  readonly replication: number | undefined
}

async function create(session: Session, at: TableName, { fields, keyed, replication }: Wanted): Promise<void> {
  const copies = replication ?? Math.min(MOST_COPIES, await session.nodes())
  if (!(await keyspaceExists(session, at.keyspace))) {
    await session.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${quoted(at.keyspace)}
       WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': ${copies}}`,
    )
  }
  const columns = fields.map(({ name, type }) => `${quoted(name)} ${cassandraType(type)}`)
  // The nodes remember a deleted row for so long; without deletes their own ten days are right.
  const remembered = Math.ceil(keyed.tombstoneRetentionMs / 1000)
  const options = remembered === 0 ? '' : ` WITH gc_grace_seconds = ${remembered}`
  await session.execute(
    `CREATE TABLE IF NOT EXISTS ${inKeyspace(at, at.table)}
     (${columns.join(', ')}, PRIMARY KEY ((${keyed.key.map(quoted).join(', ')})))${options}`,
  )
  // All progress into a table is one partition: conditions on several of its rows are met together or not at all.
  await session.execute(
    `CREATE TABLE IF NOT EXISTS ${inKeyspace(at, PROGRESS)} (
       table_name text, pipeline text, topic text, partition text, identity text, begun text, position text, clock bigint,
       PRIMARY KEY ((table_name), pipeline, topic, partition))`,
  )
}

/** Whoever may not make a keyspace can still fill one. */
async function keyspaceExists(session: Session, keyspace: string): Promise<boolean> {
  const { rows } = await session.execute('SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?', [
    keyspace,
  ])
  return rows.length > 0
}

interface Column {
  readonly name: string
  readonly type: string
  readonly inKey: boolean
}

async function columnsOf(session: Session, { keyspace, table }: TableName): Promise<ReadonlyMap<string, Column>> {
  const { rows } = await session.execute(
    'SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, table],
  )
  const columns = rows.map((row): Column => {
    return { name: String(row.column_name), type: String(row.type), inKey: /key|clustering/.test(String(row.kind)) }
  })
  return new Map(columns.map((column) => [column.name, column]))
}

/** The nodes' own estimate, which knows what has been written to disk. */
export async function estimatedSize(
  session: Session,
  { keyspace, table }: TableName,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const { rows } = await session.execute(
    'SELECT partitions_count, mean_partition_size FROM system.size_estimates WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, table],
  )
  const parts = rows.map((row) => [Number(row.partitions_count), Number(row.mean_partition_size)] as const)
  return {
    rows: parts.reduce((sum, [count]) => sum + count, 0),
    bytes: parts.reduce((sum, [count, size]) => sum + count * size, 0),
  }
}
