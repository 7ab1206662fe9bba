import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { DataType, StructType } from '../log/schema.ts'

/** A partition value as DuckDB names it → as the protocol writes it. */
export function partitionValue(text: string | null, type: DataType): string | null {
  if (text === null || text === '') return null
  if (type === 'timestamp') return isoInstant(text)
  if (type === 'float' || type === 'double') return JAVA_NUMBERS[text] ?? text
  return text
}

function isoInstant(text: string): string {
  const [whole = '', fraction = ''] = text.replace('+00', '').replace(' ', 'T').split('.')
  return `${whole}.${fraction.padEnd(6, '0')}Z`
}

const JAVA_NUMBERS: Readonly<Record<string, string>> = { nan: 'NaN', inf: 'Infinity', '-inf': '-Infinity' }

/** Delta can't tell an empty string from none in a partition column: one folder for both. */
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
