import { MillraceError } from '@millrace/base'
import type { Partition, Position } from '@millrace/transport'
import type { Begun, OutputContext, StoredAdvance } from '../output.ts'
import type { Session } from './session.ts'
import { inSchema, PROGRESS, type TableName } from './table.ts'

/** The progress of one pipeline into one table, in a row for each partition. */
export interface Progress {
  begin(partitions: readonly Partition[]): Promise<Begun>
  /**
   * Moves the partitions in the transaction that is open. Their rows are locked until it ends, so that what is compared
   * stays true. Returns false, and the transaction is to be given up, where any of them is not where it starts from.
   */
  move(advances: readonly StoredAdvance[]): Promise<boolean>
}

export function progressOf(
  session: Session,
  at: TableName,
  { group: pipeline, allowsAnotherGroup = false }: Pick<OutputContext, 'group' | 'allowsAnotherGroup'>,
): Progress {
  const name = inSchema(at, PROGRESS)
  const stored = async (partitions: readonly Partition[], lock = '') => {
    const { rows } = await session.query(
      `SELECT topic, partition, identity, position FROM ${name}
       JOIN unnest($3::text[], $4::text[]) AS wanted (t, p) ON topic = t AND partition = p
       WHERE pipeline = $1 AND table_name = $2 ORDER BY topic, partition ${lock}`,
      [pipeline, at.table, partitions.map(({ topic }) => topic), partitions.map(({ id }) => id)],
    )
    return new Map(rows.map((row) => [key(row.topic, row.partition), row as StoredRow]))
  }
  return {
    async begin(partitions) {
      const rows = await stored(partitions)
      const positions = new Map<Partition, Position>()
      for (const partition of partitions) {
        const row = rows.get(key(partition.topic, partition.id))
        if (row && row.identity !== partition.identity) {
          throw new MillraceError(
            'SOURCE_CHANGED',
            `${partition.topic} is another topic than the progress in ${at.table}`,
          )
        }
        if (row) positions.set(partition, positionIn(row.position))
      }
      const { rows: known } = await session.query(
        `SELECT DISTINCT topic, identity FROM ${name} WHERE pipeline = $1 AND table_name = $2`,
        [pipeline, at.table],
      )
      const topics = new Set(known.map(({ topic, identity }) => key(topic, identity)))
      const ofKnownTopics = partitions.filter(({ topic, identity }) => topics.has(key(topic, identity)))
      return { positions, ofKnownTopics: new Set(ofKnownTopics) }
    },
    async move(advances) {
      const rows = await stored(
        advances.map(({ partition }) => partition),
        'FOR UPDATE OF millrace_progress',
      )
      for (const { partition, from, to } of advances) {
        const { topic, id, identity } = partition
        const row = rows.get(key(topic, id))
        if (row?.position !== (from && textOf(from)) || (row && row.identity !== identity)) return false
        if (!row && !allowsAnotherGroup) await refuseOthers(session, at, pipeline, partition)
        const { rowCount } = await session.query(row ? update(name) : insert(name), [
          ...[pipeline, at.table, topic, id, identity],
          textOf(to),
        ])
        if (rowCount !== 1) return false
      }
      return true
    },
  }
}

/**
 * Refuses a first position in a topic that another pipeline puts into the same table: its records would be there twice.
 * The lock makes two that begin at the same moment go one after the other.
 */
async function refuseOthers(session: Session, at: TableName, pipeline: string, { topic, identity }: Partition) {
  await session.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key(at.schema, at.table, topic)])
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

interface StoredRow {
  readonly identity: string
  readonly position: string
}

const update = (name: string) =>
  `UPDATE ${name} SET identity = $5, position = $6
   WHERE pipeline = $1 AND table_name = $2 AND topic = $3 AND partition = $4`

/** Of two workers that store the beginning, the slower one inserts nothing. */
const insert = (name: string) => `INSERT INTO ${name} VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`

const key = (...parts: readonly string[]) => JSON.stringify(parts)
const textOf = (position: Position) => position.join(' ')
const positionIn = (text: string): Position => text.split(' ').map(BigInt)
