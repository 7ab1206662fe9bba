import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { AddFile, PartitionValues } from '../log/actions.ts'
import type { DataType, StructType } from '../log/schema.ts'

/** How a timestamp without a fraction is written: `2024-02-29T08:00:00.000000Z`, or `2024-02-29 08:00:00`. */
type TimeForm = 'iso' | 'plain'

/**
 * How a table writes the timestamps of a partition column. Engines read both forms in the log, but polars reads the
 * names of the folders, and wants one form in all of them.
 */
interface TimeForms {
  readonly value: TimeForm
  readonly folder: TimeForm
}

/** The forms that Spark writes. */
const SPARK: TimeForms = { value: 'iso', folder: 'plain' }

const ISO = /^\d{4,}-\d\d-\d\dT/

/** Returns the forms that the table's files have already, or Spark's where there is none with a value. */
function timeForms(name: string, files: Iterable<AddFile>): TimeForms {
  for (const { path, partitionValues } of files) {
    const value = partitionValues[name]
    if (!value) continue
    const folder = folderValue(path, name)
    const formOf = (text: string): TimeForm => (ISO.test(text) ? 'iso' : 'plain')
    return { value: formOf(value), folder: folder === undefined ? SPARK.folder : formOf(folder) }
  }
  return SPARK
}

function folderValue(path: string, name: string): string | undefined {
  const prefix = `${escaped(name)}=`
  const folder = path.split('/').map(decoded)
  return folder.find((part) => part.startsWith(prefix))?.slice(prefix.length)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export interface Partition {
  /** Partition values as in the log. */
  readonly values: PartitionValues
  /** The folder of its files, below the table's. */
  readonly folder: string
}

/** Returns what names a partition for one of its values, as DuckDB writes them, by column. */
export function partitionNames(
  { partitionColumns }: { readonly partitionColumns: readonly string[] },
  { fields }: StructType,
  files: () => Iterable<AddFile>,
): (texts: ReadonlyMap<string, string | null>) => Partition {
  const columns = partitionColumns.map((name) => {
    const type = fields.find((field) => field.name === name)?.type ?? 'string'
    return { name, type, forms: type === 'timestamp' ? timeForms(name, files()) : SPARK }
  })
  return (texts) => {
    const parts = columns.map(({ name, type, forms }) => {
      const text = texts.get(name) ?? null
      return {
        name,
        value: partitionValue(text, type, forms.value),
        shown: partitionValue(text, type, forms.folder),
      }
    })
    return {
      values: Object.fromEntries(parts.map(({ name, value }) => [name, value])),
      folder: parts.map(({ name, shown }) => `${escaped(name)}=${escaped(shown ?? NO_VALUE)}`).join('/'),
    }
  }
}

/** Hive's name for a partition without a value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__'

/** Matches what `encodeURIComponent` leaves as it is and Hive escapes in the name of a folder. */
const UNSAFE = /['*]/g

/**
 * Escapes what Hive and Spark escape in the name of a folder, and also what is not ASCII, and the space: delta-rs asks S3
 * for other keys than it finds in the log where they stand in a name as they are.
 */
function escaped(text: string): string {
  const encoded = encodeURIComponent(text)
  return encoded.replace(UNSAFE, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** A partition value as DuckDB names it → as the protocol writes it. */
function partitionValue(text: string | null, type: DataType, form: TimeForm): string | null {
  if (text === null || text === '') return null
  if (type === 'timestamp') return form === 'iso' ? isoInstant(text) : text.replace(/\+00$/, '')
  if (type === 'float' || type === 'double') return JAVA_NUMBERS[text] ?? text
  return text
}

function isoInstant(text: string): string {
  const [whole = '', fraction = ''] = text.replace(/\+00$/, '').replace(' ', 'T').split('.')
  return `${whole}.${fraction.padEnd(6, '0')}Z`
}
const JAVA_NUMBERS: Readonly<Record<string, string>> = { nan: 'NaN', inf: 'Infinity', '-inf': '-Infinity' }

/** Empty strings and nulls share a folder: Delta does not distinguish them in a partition column. */
export function partitionExpression(name: string, type: DataType): string {
  return type === 'string' ? `nullif(${quoteName(name)}, '')` : quoteName(name)
}

const NEVER_PARTITIONS = /^(binary|variant|void)$/

export function refuseBadPartitions(schema: StructType, partitionColumns: readonly string[]): void {
  for (const name of partitionColumns) {
    const field = schema.fields.find((candidate) => candidate.name === name)
    if (!field) throw new MillraceError('TABLE_SCHEMA', `partition column ${name} is not in the schema`)
    if (typeof field.type === 'object' || NEVER_PARTITIONS.test(field.type)) {
      const type = typeof field.type === 'object' ? field.type.type : field.type
      throw new MillraceError('TABLE_SCHEMA', `column ${name} can't partition a table: it is a ${type}`)
    }
  }
  if (partitionColumns.length > 0 && partitionColumns.length === schema.fields.length) {
    throw new MillraceError('TABLE_SCHEMA', 'a table needs a column that is no partition column')
  }
}

/** The path of a file in the log: its parts URL-encoded, `=` left readable. */
export function logPath(relative: string): string {
  return relative
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%3D', '='))
    .join('/')
}
