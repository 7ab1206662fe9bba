import { reached, type Source } from '@millrace/transport'
import { DAILY_RUN } from '../daily-run.ts'
import { comparableFrom, countMessages } from '../delta/verify/source.ts'
import type { OutputAccount, OutputVerdict, StoredTable } from '../output.ts'
import { parsePostgresAddress } from './address.ts'
import { openSession, type Session } from './session.ts'
import { inSchema, PROGRESS, type TableName, WRITTEN } from './table.ts'

/**
 * Compares the tables of a database with the accounts beside them: as many rows as were appended. With a source it
 * counts there as well, wherever retention has left all that was read. A table that is not there is left out.
 */
export async function verifyPostgres(
  address: string,
  tables: readonly StoredTable[],
  source: Source | undefined,
): Promise<OutputVerdict[]> {
  const parsed = parsePostgresAddress(address)
  const session = openSession(parsed, `PostgreSQL at ${parsed.host}:${parsed.port}/${parsed.database}`)
  try {
    const verdicts: OutputVerdict[] = []
    for (const { table, dataset } of tables) {
      const at = { schema: parsed.schema, table }
      const { rows } = await session.query('SELECT to_regclass($1) AS known', [inSchema(at, table)])
      if (rows[0]?.known !== null) verdicts.push(await verdictOf(session, at, dataset.keyed !== undefined, source))
    }
    return verdicts
  } finally {
    await session.drop()
  }
}

async function verdictOf(
  session: Session,
  at: TableName,
  isKeyed: boolean,
  source: Source | undefined,
): Promise<OutputVerdict> {
  // One statement, so that a worker that commits meanwhile is seen everywhere or nowhere.
  const { rows: found } = await session.query(
    `SELECT (SELECT count(*) FROM ${inSchema(at, at.table)}) AS rows,
       (SELECT coalesce(sum(rows), 0) FROM ${inSchema(at, WRITTEN)} WHERE table_name = $1) AS written,
       (SELECT coalesce(json_agg(p ORDER BY pipeline, topic, partition), '[]') FROM ${inSchema(at, PROGRESS)} AS p
        WHERE table_name = $1) AS partitions`,
    [at.table],
  )
  const [rows, written] = [Number(found[0]?.rows), Number(found[0]?.written)]
  const stored = (found[0]?.partitions ?? []) as readonly Record<string, string>[]
  const partitions = stored.map(({ pipeline, topic, identity, partition, begun, position, messages }) => ({
    ...{ group: String(pipeline), topic: String(topic), identity: String(identity), partition: String(partition) },
    ...{ from: String(begun).split(' '), to: String(position).split(' '), messages: Number(messages) },
  }))
  const problems = isKeyed || rows === written ? [] : [`${written} rows were written, the table has ${rows}`]
  const read = partitions.filter(({ topic }) => topic !== DAILY_RUN)
  const differences = source ? await Promise.all(read.map((each) => compared(each, source))) : []
  return { table: `${at.schema}.${at.table}`, rows, partitions, problems: [...problems, ...differences.flat()] }
}

async function compared(account: OutputAccount, source: Source): Promise<string[]> {
  const { topic, identity, partition: id, messages } = account
  const partition = { topic, identity, id }
  const [from, to] = [account.from.map(BigInt), account.to.map(BigInt)]
  // What retention has deleted cannot be counted any more.
  if (!reached(from, await comparableFrom(source, partition, to))) return []
  const found = await countMessages(source, partition, from, to)
  if (found === messages) return []
  return [`${topic}/${id}: from ${from} on the source holds ${found} messages, the table accounts for ${messages}`]
}
