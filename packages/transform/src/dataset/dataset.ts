import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { version } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { StructType } from '@millrace/delta'
import type { Format } from '@millrace/formats'
import { parseDescription } from './description.ts'
import type { Expectation } from './expectations.ts'
import type { Field } from './fields.ts'
import type { Keyed } from './keyed.ts'

/**
 * A data set, loaded from a folder: dataset.json has its fields and columns, clean.sql turns the former into the
 * latter.
 */
export interface Dataset {
  readonly name: string
  readonly description: string
  /** How its messages are written. */
  readonly format: Format
  readonly fields: readonly Field[]
  /** The columns of its table. */
  readonly schema: StructType
  /** How records change a keyed table. Absent where rows are only appended. */
  readonly keyed?: Keyed
  /** A SELECT that gives one row for each of `raw`, which has the fields under their names. */
  readonly sql: string
  readonly expectations: readonly Expectation[]
}

/** Returns the names of all data sets in these folders, sorted. */
export async function datasetNames(folders: readonly string[]): Promise<string[]> {
  const names = await Promise.all(folders.map(namesIn))
  return [...new Set(names.flat())].sort()
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => existsSync(join(folder, name, 'dataset.json')))
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `the data set folder ${folder} can't be read`, { cause })
  }
}

/** Returns the folder of a data set: it lies in the first of these folders that has it. */
export function datasetFolder(name: string, folders: readonly string[]): string | undefined {
  return folders.map((root) => join(root, name)).find((at) => existsSync(join(at, 'dataset.json')))
}

/** Loads a data set from the first folder that has it. */
export async function loadDataset(name: string, folders: readonly string[]): Promise<Dataset> {
  const folder = datasetFolder(name, folders)
  if (folder === undefined) {
    const known = (await datasetNames(folders)).join(', ') || 'none'
    const where = folders.length === 0 ? 'no folder is configured' : `in ${folders.join(', ')} there are: ${known}`
    throw new MillraceError('DATASET_UNKNOWN', `there is no data set ${name}; ${where}`)
  }
  const [text, sql] = await Promise.all([read(join(folder, 'dataset.json')), read(join(folder, 'clean.sql'))])
  return { name, ...parseDescription(text, join(folder, 'dataset.json')), sql: sql.trim() }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('DATASET_INVALID', `${file} can't be read`, { cause })
  }
}

/** Whether a topic belongs to the data set: its name is the data set's, or ends with it after `.`, `-` or `_`. */
export function belongsTo(topic: string, dataset: string): boolean {
  return topic === dataset || ['.', '-', '_'].some((mark) => topic.endsWith(mark + dataset))
}

/**
 * Returns a hash of all that decides what becomes of a record: the format, the fields, the SQL, the columns, the
 * expectations and the engine. Two commits with the same hash were made by the same rules.
 */
export function datasetHash({ format, fields, sql, schema, expectations, keyed }: Dataset): string {
  const columns = schema.fields.map(({ name, type }) => [name, type])
  const rules = JSON.stringify([
    ...[RULES, version(), format.name, fields, sql, columns, expectations],
    ...(keyed ? [keyed] : []),
  ])
  return createHash('sha256').update(rules).digest('hex')
}

/** Version of this package's rules: raise it with every change of the rows that it makes of the same records. */
const RULES = 1
