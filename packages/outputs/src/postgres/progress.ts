import { MillraceError } from '@millrace/base'
import { type Partition, type Position, partitionKey } from '@millrace/transport'
import type { Begun, OutputContext, StoredAdvance } from '../output.ts'
import { begunFrom, keyOf, type ProgressRow, textOf } from '../progress-rows.ts'
import type { Session } from './session.ts'
import { inSchema, PROGRESS, type TableName, WRITTEN } from './table.ts'

/** The progress of one pipeline into one table, in a row for each partition. */
export interface Progress {
  begin(partitions: readonly Partition[]): Promise<Begun>
  /**
   * Moves the partitions in the transaction that is open, each only from where it starts: the statement that moves
   * compares, and what it moved stays locked until the transaction ends. Returns false, and the transaction is to be
   * given up, where any of them is elsewhere.
   */
  move(advances: readonly StoredAdvance[], account?: Account): Promise<boolean>
}

/** What a batch adds to the account that is kept beside the positions. */
export interface Account {
  /** Rows, or changes, that were written. */
  readonly rows: number
  /** By `partitionKey`: the messages that were read, and where reading them began. */
  readonly messages: ReadonlyMap<string, { readonly count: number; readonly from: Position }>
}

const NOTHING: Account = { rows: 0, messages: new Map() }

export function progressOf(
  session: Session,
  at: TableName,
  { group: pipeline, allowsAnotherGroup = false }: Pick<OutputContext, 'group' | 'allowsAnotherGroup'>,
): Progress {
  const name = inSchema(at, PROGRESS)
  const stored = async (partitions: readonly Partition[]) => {
    const { rows } = await session.query(
      `SELECT topic, partition, identity, position FROM ${name}
       JOIN unnest($3::text[], $4::text[]) AS wanted (t, p) ON topic = t AND partition = p
       WHERE pipeline = $1 AND table_name = $2`,
      [pipeline, at.table, partitions.map(({ topic }) => topic), partitions.map(({ id }) => id)],
    )
    return new Map(rows.map((row) => [keyOf(row.topic, row.partition), row as ProgressRow]))
  }
  /** Returns false where one of them is not where it starts from. */
  const store = async (
    statement: (name: string) => string,
    advances: readonly StoredAdvance[],
    { messages }: Account,
  ) => {
    if (advances.length === 0) return true
    const { rowCount } = await session.query(statement(name), [
      ...[pipeline, at.table],
      advances.map(({ partition }) => partition.topic),
      advances.map(({ partition }) => partition.id),
      advances.map(({ partition }) => partition.identity),
      advances.map(({ to }) => textOf(to)),
      advances.map(({ from }) => from && textOf(from)),
      advances.map(({ partition }) => messages.get(partitionKey(partition))?.count ?? 0),
      advances.map(({ partition, to }) => textOf(messages.get(partitionKey(partition))?.from ?? to)),
    ])
    return rowCount === advances.length
  }
  return {
    async begin(partitions) {
      const rows = await stored(partitions)
      const { rows: known } = await session.query(
        `SELECT DISTINCT topic, identity FROM ${name} WHERE pipeline = $1 AND table_name = $2`,
        [pipeline, at.table],
      )
      const topics = new Set(known.map(({ topic, identity }) => keyOf(topic, identity)))
      return begunFrom(partitions, rows, topics, at.table)
    },
    async move(advances, account = NOTHING) {
      const first = advances.filter(({ from }) => from === undefined)
      if (!allowsAnotherGroup) {
        const topics = new Map(first.map(({ partition }) => [keyOf(partition.topic, partition.identity), partition]))
        for (const partition of topics.values()) await refuseOthers(session, at, pipeline, partition)
      }
      const further = advances.filter(({ from }) => from !== undefined)
      const isOurs = (await store(INSERT, first, account)) && (await store(UPDATE, further, account))
      if (isOurs && account.rows > 0) {
        await session.query(
          `INSERT INTO ${inSchema(at, WRITTEN)} AS kept VALUES ($1, $2, $3)
           ON CONFLICT (pipeline, table_name) DO UPDATE SET rows = kept.rows + excluded.rows`,
          [pipeline, at.table, account.rows],
        )
      }
      return isOurs
    },
  }
}

/**
 * Refuses a first position in a topic that another pipeline puts into the same table: its records would be there twice.
 * The lock makes two that begin at the same moment go one after the other.
 */
async function refuseOthers(session: Session, at: TableName, pipeline: string, { topic, identity }: Partition) {
  await session.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [keyOf(at.schema, at.table, topic)])
  const { rows } = await session.query(
    `SELECT DISTINCT pipeline FROM ${inSchema(at, PROGRESS)} WHERE table_name = $1 AND topic = $2 AND identity = $3`,
    [at.table, topic, identity],
  )
  const pipelines = rows.map((row) => String(row.pipeline))
  if (pipelines.length === 0 || pipelines.includes(pipeline)) return
  throw new MillraceError(
    'ANOTHER_GROUP',
    `${at.schema}.${at.table}: ${pipelines.join(' and ')} puts the records of ${topic} into this table already; ${pipeline} would put them there a second time`,
  )
}

const MOVED = `unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[])
  AS moved (t, p, i, goal, start, read, begun)`

const UPDATE = (name: string) =>
  `UPDATE ${name} SET position = goal, messages = messages + read FROM ${MOVED}
   WHERE pipeline = $1 AND table_name = $2 AND topic = t AND partition = p AND identity = i AND position = start`

/** If two workers store the first position, the slower one inserts fewer rows than it has. */
const INSERT = (name: string) =>
  `INSERT INTO ${name} (pipeline, table_name, topic, partition, identity, position, messages, begun)
   SELECT $1, $2, t, p, i, goal, read, begun FROM ${MOVED} ON CONFLICT DO NOTHING`
