import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { discardStaged } from '@millrace/delta'
import { type Machine, quoteName, quoteText } from '@millrace/engine'
import { type Dataset, DELETED, type Keyed } from '@millrace/transform'
import type { CleanedBatch } from '../cleaned-batch.ts'
import type { Prepared } from '../output.ts'
import { tableInMemory } from '../rows.ts'
import { copyValue, fitsPostgres } from './types.ts'

/** A CSV file with the rows or changes of a batch, as COPY takes them. */
export interface PreparedRows extends Prepared {
  readonly file: string
  readonly rows: number
}

/** Writes the clean rows of a batch, or the changes of a keyed data set: with whether each deletes its row. */
export function writeRows(batch: CleanedBatch, machine: Machine): Promise<PreparedRows> {
  const { dataset } = batch
  return dataset.keyed ? writeChanges(batch, dataset, dataset.keyed, machine) : appended(batch, machine)
}

export async function removeRows({ file, isEmpty }: PreparedRows): Promise<void> {
  if (!isEmpty) await rm(file, { force: true })
}

async function appended(batch: CleanedBatch, machine: Machine): Promise<PreparedRows> {
  const staged = await batch.parquet(await tableInMemory(batch.dataset, machine))
  const rows = staged.reduce((sum, { rows }) => sum + Number(rows), 0)
  try {
    const paths = staged.map(({ localPath }) => quoteText(localPath)).join(', ')
    return await writeCsv(batch.dataset.schema.fields.map(copyValue), `[${paths}]`, rows, machine)
  } finally {
    await Promise.all(staged.map(discardStaged))
  }
}

async function writeChanges(
  batch: CleanedBatch,
  { schema: { fields } }: Dataset,
  { key, sequenceBy }: Keyed,
  machine: Machine,
): Promise<PreparedRows> {
  const changes = await batch.changes()
  try {
    const compared = [...key, ...sequenceBy]
    // Of a change that deletes, only that is taken; no row has a key that PostgreSQL cannot hold.
    const values = fields.map((field) =>
      compared.includes(field.name) ? copyValue(field) : `CASE WHEN NOT ${DELETED} THEN ${copyValue(field)} END`,
    )
    const holds = fitsPostgres(fields.filter(({ name }) => compared.includes(name)))
    const path = changes.path && quoteText(changes.path)
    return await writeCsv([...values, quoteName(DELETED)], path ?? '', changes.rows, machine, holds)
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
): Promise<PreparedRows> {
  if (rows === 0) return { file: '', rows, files: 0, fileBytes: 0, isEmpty: true }
  const file = join(workFolder, `${runtime.uuid()}.csv`)
  const connection = await engine.connect()
  try {
    await connection.run(`COPY (SELECT ${values.join(', ')} FROM read_parquet(${from}, hive_partitioning = false) WHERE ${where})
      TO ${quoteText(file)} (FORMAT csv, HEADER false)`)
  } finally {
    connection.closeSync()
  }
  return { file, rows, files: 1, fileBytes: (await stat(file)).size, isEmpty: false }
}
