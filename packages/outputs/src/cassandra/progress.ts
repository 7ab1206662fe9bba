import { MillraceError } from '@millrace/base'
import { type Partition, partitionKey } from '@millrace/transport'
import type { Begun, OutputContext, StoredAdvance } from '../output.ts'
import { begunFrom, keyOf, type ProgressRow, textOf } from '../progress-rows.ts'
import type { Session, Statement } from './session.ts'
import { inKeyspace, PROGRESS, type TableName } from './table.ts'
import type { Clocks } from './write-times.ts'

/** The progress of one pipeline into one table, in a row for each partition. */
export interface Progress {
  begin(partitions: readonly Partition[]): Promise<Begun>
  /**
   * Returns the last write timestamp of each partition, by `partitionKey`; undefined where any of them is not where its
   * advance starts.
   */
  clocksAt(advances: readonly StoredAdvance[]): Promise<Clocks | undefined>
  /**
   * Moves the partitions and their clocks, each only from where it starts. Returns false where any of them is
   * elsewhere.
   */
  move(advances: readonly StoredAdvance[], clocks: Clocks): Promise<boolean>
}

/** A batch of statements may not be large: more advances than these are moved one part after another. */
const AT_ONCE = 100

export function progressOf(
  session: Session,
  at: TableName,
  { group: pipeline, allowsAnotherGroup = false }: Pick<OutputContext, 'group' | 'allowsAnotherGroup'>,
): Progress {
  const name = inKeyspace(at, PROGRESS)
  const stored = async () => {
    const { rows } = await session.readSerially(
      `SELECT topic, partition, identity, position, clock FROM ${name} WHERE table_name = ? AND pipeline = ?`,
      [at.table, pipeline],
    )
    return new Map(rows.map((row) => [keyOf(row.topic, row.partition), row as unknown as StoredRow]))
  }
  const statementOf = ({ partition, from, to }: StoredAdvance, clock: number): Statement => {
    const { topic, id, identity } = partition
    return from === undefined
      ? {
          query: `INSERT INTO ${name} (table_name, pipeline, topic, partition, identity, begun, position, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
          params: [at.table, pipeline, topic, id, identity, textOf(to), textOf(to), String(clock)],
        }
      : {
          query: `UPDATE ${name} SET position = ?, clock = ? WHERE table_name = ? AND pipeline = ? AND topic = ? AND partition = ? IF identity = ? AND position = ?`,
          params: [textOf(to), String(clock), at.table, pipeline, topic, id, identity, textOf(from)],
        }
  }
  return {
    async begin(partitions) {
      const rows = await stored()
      const topics = new Set([...rows.values()].map(({ topic, identity }) => keyOf(topic, identity)))
      return begunFrom(partitions, rows, topics, at.table)
    },
    async clocksAt(advances) {
      const rows = await stored()
      const clocks = new Map<string, number>()
      for (const { partition, from } of advances) {
        const row = rows.get(keyOf(partition.topic, partition.id))
        if (row?.position !== (from && textOf(from))) return undefined
        clocks.set(partitionKey(partition), Number(row?.clock ?? 0))
      }
      return clocks
    },
    async move(advances, clocks) {
      const first = advances.filter(({ from }) => from === undefined)
      const claims = allowsAnotherGroup ? [] : await claimsOf(session, at, pipeline, first)
      const moved = advances.map((each) => statementOf(each, clocks.get(partitionKey(each.partition)) ?? 0))
      const statements = [...claims, ...moved]
      for (let from = 0; from < statements.length; from += AT_ONCE) {
        if (!(await session.conditionally(statements.slice(from, from + AT_ONCE)))) {
          if (claims.length > 0) await claimsOf(session, at, pipeline, first)
          return false
        }
      }
      return true
    },
  }
}

/** No pipeline has this name: its rows say which pipeline puts the records of a topic into the table. */
const CLAIMS = ''

/**
 * Returns what claims the topics of first positions for this pipeline, in the same conditional batch. Refuses a topic
 * that another pipeline puts into the same table: its records would be there twice.
 */
async function claimsOf(
  session: Session,
  at: TableName,
  pipeline: string,
  first: readonly StoredAdvance[],
): Promise<Statement[]> {
  if (first.length === 0) return []
  const name = inKeyspace(at, PROGRESS)
  const { rows } = await session.readSerially(
    `SELECT topic, identity, position FROM ${name} WHERE table_name = ? AND pipeline = ?`,
    [at.table, CLAIMS],
  )
  const owners = new Map(rows.map((row) => [keyOf(row.topic, row.identity), String(row.position)]))
  const topics = new Map(first.map(({ partition }) => [keyOf(partition.topic, partition.identity), partition]))
  return [...topics].flatMap(([topicKey, { topic, identity }]) => {
    const owner = owners.get(topicKey)
    if (owner === pipeline) return []
    if (owner !== undefined) {
      throw new MillraceError(
        'ANOTHER_GROUP',
        `${at.keyspace}.${at.table}: ${owner} puts the records of ${topic} into this table already; ${pipeline} would put them there a second time`,
      )
    }
    return {
      query: `INSERT INTO ${name} (table_name, pipeline, topic, partition, identity, position) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
      params: [at.table, CLAIMS, topic, identity, identity, pipeline],
    }
  })
}

interface StoredRow extends ProgressRow {
  readonly topic: string
  readonly clock: unknown
}
