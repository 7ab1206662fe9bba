import { systemRuntime } from '@millrace/base'
import { openMachine } from '@millrace/engine'
import { type Partition, type Position, reached, type Source } from '@millrace/transport'
import { DAILY_RUN } from '../daily-run.ts'
import type { OutputAccount, OutputVerdict, StoredTable } from '../output.ts'
import { type CassandraAddress, parseCassandraAddress } from './address.ts'
import { type ExpectedKey, expectedKeys } from './expected-keys.ts'
import { withKey } from './keys.ts'
import { openSession, type Session } from './session.ts'
import { inKeyspace, type KeyedDataset, PROGRESS, quoted, type TableName } from './table.ts'
import { boundValue } from './types.ts'
import { boundedWrites } from './writes.ts'

/**
 * Compares tables with the source: the key of each record that was read is there, unless a newer one deletes it, and
 * its row was written no earlier than by the newest record. Which rows are too many cannot be said of a table whose
 * rows replace one another. Without a source nothing is compared; a table that is not there is left out.
 */
export async function verifyCassandra(
  address: string,
  tables: readonly StoredTable[],
  source: Source | undefined,
): Promise<OutputVerdict[]> {
  if (source === undefined) return []
  const parsed = parseCassandraAddress(address)
  const session = openSession(parsed, `Cassandra at ${parsed.contactPoints.join(', ')}`)
  try {
    const verdicts: OutputVerdict[] = []
    for (const stored of tables) {
      if (await isThere(session, parsed.keyspace, stored.table)) {
        verdicts.push(await verdictOf(session, parsed, stored, source))
      }
    }
    return verdicts
  } finally {
    await session.close()
  }
}

async function isThere(session: Session, keyspace: string, table: string): Promise<boolean> {
  const { rows } = await session.execute(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name IN ?',
    [keyspace, [table, PROGRESS]],
  )
  return rows.length === 2
}

async function verdictOf(
  session: Session,
  address: CassandraAddress,
  { table, dataset }: StoredTable,
  source: Source,
): Promise<OutputVerdict> {
  const at: TableName = { keyspace: address.keyspace, table }
  await using machine = await openMachine(systemRuntime, [])
  const keyed = withKey(dataset, address)
  const expected = await expectedKeys(keyed, source, machine)
  try {
    const partitions: OutputAccount[] = []
    for (const { group, partition, begun, position } of await rangesOf(session, at)) {
      // Records that retention has deleted cannot be compared any more.
      const earliest = await source.resolve(partition, 'earliest')
      const from = reached(begun, earliest) ? begun : earliest
      const messages = await expected.add({ partition, from, to: position })
      const { topic, identity, id } = partition
      partitions.push({
        ...{ group, topic, identity, partition: id, messages },
        ...{ from: from.map(String), to: position.map(String) },
      })
    }
    const { rows, problems } = await lookUp(session, at, keyed, expected.newest())
    return { table: `${at.keyspace}.${table}`, rows, partitions, problems }
  } finally {
    expected.close()
  }
}

interface StoredRange {
  readonly group: string
  readonly partition: Partition
  readonly begun: Position
  readonly position: Position
}

async function rangesOf(session: Session, at: TableName): Promise<StoredRange[]> {
  const { rows } = await session.readSerially(
    `SELECT pipeline, topic, partition, identity, begun, position FROM ${inKeyspace(at, PROGRESS)} WHERE table_name = ?`,
    [at.table],
  )
  const positionIn = (text: unknown): Position => String(text).split(' ').map(BigInt)
  // Rows without where it began say whose a topic is.
  return rows
    .filter(({ topic, begun }) => begun !== null && topic !== DAILY_RUN)
    .map(({ pipeline, topic, partition, identity, begun, position }) => ({
      group: String(pipeline),
      partition: { topic: String(topic), identity: String(identity), id: String(partition) },
      ...{ begun: positionIn(begun), position: positionIn(position) },
    }))
}

/** Asks for the row of each key. */
async function lookUp(
  session: Session,
  at: TableName,
  { schema: { fields }, keyed: { key } }: KeyedDataset,
  expected: AsyncIterable<readonly ExpectedKey[]>,
): Promise<{ readonly rows: number; readonly problems: string[] }> {
  const times = fields.filter(({ name }) => !key.includes(name)).map(({ name }) => `writetime(${quoted(name)})`)
  const same = key.map((name) => `${quoted(name)} = ?`).join(' AND ')
  const query = `SELECT ${(times.length > 0 ? times : key.map(quoted)).join(', ')} FROM ${inKeyspace(at, at.table)} WHERE ${same}`
  const types = key.map((name) => fields.find((field) => field.name === name)?.type ?? 'string')
  const [found, missing, older, back] = [{ count: 0 }, findings(), findings(), findings()]
  const look = async ({ values, isDeleted, notBefore }: ExpectedKey) => {
    const bound = values.map((value, i) => boundValue(types[i] ?? 'string', value))
    const [row] = (await session.execute(query, bound)).rows
    if (row) found.count++
    const written = row && times.length > 0 ? row.values().filter((time) => time !== null) : []
    // Cassandra has no write time for a column without a value.
    const latest = Math.max(...written.map(Number))
    if (!row) {
      if (!isDeleted) missing.add(bound)
    } else if (written.length > 0 && latest < notBefore) (isDeleted ? back : older).add(bound)
  }
  async function* looks() {
    for await (const keys of expected) yield keys.map((each) => () => look(each))
  }
  await boundedWrites(systemRuntime)(looks())
  const name = key.join(', ')
  return {
    rows: found.count,
    problems: [
      ...missing.said((count, some) => `${count} keys of the source are missing: ${name} ${some}`),
      ...older.said((count, some) => `${count} rows are older than the newest record of their key: ${name} ${some}`),
      ...back.said((count, some) => `${count} rows are there although a newer record deletes them: ${name} ${some}`),
    ],
  }
}

const SHOWN = 3

/** Counts keys, and remembers a few. */
function findings() {
  const first: string[] = []
  let count = 0
  return {
    add(key: readonly unknown[]) {
      count++
      if (first.length < SHOWN) first.push(key.map(String).join(', '))
    },
    said: (words: (count: number, some: string) => string) =>
      count === 0 ? [] : [words(count, first.join('; ') + (count > SHOWN ? '; …' : ''))],
  }
}
