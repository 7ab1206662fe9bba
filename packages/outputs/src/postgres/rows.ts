import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { discardStaged, type StructField } from '@millrace/delta'
import { type Machine, quoteText } from '@millrace/engine'
import { type Dataset, DELETED, type Keyed, TRUNCATED } from '@millrace/transform'
import { partitionKey } from '@millrace/transport'
import type { CleanedBatch } from '../cleaned-batch.ts'
import type { Prepared } from '../output.ts'
import { tableInMemory } from '../rows.ts'
import type { Account } from './progress.ts'
import { copyValue, fitsPostgres } from './types.ts'

/** A CSV file with the rows or changes of a batch, as COPY takes them. */
export interface PreparedRows extends Prepared {
  readonly file: string
  /** The columns that the rows have. */
  readonly columns: readonly StructField[]
  readonly account: Account
}

/** Writes the clean rows of a batch, or the changes of a keyed data set: with whether each deletes its row, or all rows. */
export async function writeRows(batch: CleanedBatch, machine: Machine): Promise<PreparedRows> {
  const { dataset } = batch
  const messages = messagesOf(batch)
  const { file, rows, columns } = await (dataset.keyed
    ? writeChanges(batch, dataset, dataset.keyed, machine)
    : appended(batch, machine))
  const fileBytes = file === undefined ? 0 : (await stat(file)).size
  // The account is to know of every message, also of those that gave no row.
  const isEmpty = rows === 0 && messages.size === 0
  return {
    file: file ?? '',
    columns,
    account: { rows, messages },
    files: file === undefined ? 0 : 1,
    fileBytes,
    isEmpty,
  }
}

/** Counts the messages of each partition. */
function messagesOf({ messages, advances }: CleanedBatch): Account['messages'] {
  const counts = new Map<string, number>()
  for (const { partition, count } of messages) {
    const key = partitionKey(partition)
    counts.set(key, (counts.get(key) ?? 0) + count)
  }
  return new Map(
    advances.map(({ partition, from }) => {
      const key = partitionKey(partition)
      return [key, { count: counts.get(key) ?? 0, from }]
    }),
  )
}

interface Written {
  readonly file: string | undefined
  readonly columns: readonly StructField[]
  readonly rows: number
}

export async function removeRows({ file, files }: PreparedRows): Promise<void> {
  if (files > 0) await rm(file, { force: true })
}

async function appended(batch: CleanedBatch, machine: Machine): Promise<Written> {
  const { columns, files: staged } = await rowFiles(batch, machine)
  const rows = staged.reduce((sum, { rows }) => sum + Number(rows), 0)
  try {
    const paths = staged.map(({ localPath }) => quoteText(localPath)).join(', ')
    return { ...(await writeCsv(columns.map(copyValue), `[${paths}]`, rows, machine)), columns }
  } finally {
    await Promise.all(staged.map(discardStaged))
  }
}

async function rowFiles(batch: CleanedBatch, machine: Machine) {
  const { dataset } = batch
  if (dataset.onSchemaChange === 'evolve') return batch.allColumns()
  return { columns: dataset.schema.fields, files: await batch.parquet(await tableInMemory(dataset, machine)) }
}

async function writeChanges(
  batch: CleanedBatch,
  { schema }: Dataset,
  { key, sequenceBy }: Keyed,
  machine: Machine,
): Promise<Written> {
  const changes = await batch.changes()
  const fields = changes.path === undefined ? schema.fields : changes.columns
  try {
    const compared = [...key, ...sequenceBy]
    // A change that deletes needs only these columns; rows whose key PostgreSQL cannot hold are rejected before.
    const values = fields.map((field) =>
      compared.includes(field.name) ? copyValue(field) : `CASE WHEN NOT ${DELETED} THEN ${copyValue(field)} END`,
    )
    const holds = fitsPostgres(fields.filter(({ name }) => compared.includes(name)))
    const path = changes.path && quoteText(changes.path)
    const taken = `${TRUNCATED} OR (${holds})`
    return {
      ...(await writeCsv([...values, DELETED, TRUNCATED], path ?? '', changes.rows, machine, taken)),
      columns: fields,
    }
  } finally {
    await changes.discard()
  }
}

async function writeCsv(
  values: readonly string[],
  from: string,
  rows: number,
  { engine, workFolder, runtime }: Machine,
  where = 'true',
): Promise<Omit<Written, 'columns'>> {
  if (rows === 0) return { file: undefined, rows }
  const file = join(workFolder, `${runtime.uuid()}.csv`)
  const connection = await engine.connect()
  try {
    await connection.run(`COPY (SELECT ${values.join(', ')} FROM read_parquet(${from}, hive_partitioning = false) WHERE ${where})
      TO ${quoteText(file)} (FORMAT csv, HEADER false)`)
  } finally {
    connection.closeSync()
  }
  return { file, rows }
}
