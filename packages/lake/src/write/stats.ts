import type { Json } from '@duckdb/node-api'
import { exactNumber } from '@millrace/base'
import { type DataType, quoteName, type StructType } from '../log/schema.ts'

/** What DuckDB's Parquet writer says of the file that it has just written (RETURN_STATS). */
export interface WrittenFile {
  readonly rows: bigint
  readonly size: number
  /** Column → statistic → text. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export function writtenFile(row: Record<string, Json>): WrittenFile {
  const columns = entries(row.column_statistics).map(
    ([name, stats]) => [name, new Map(entries(stats) as [string, string][])] as const,
  )
  return { rows: BigInt(String(row.count)), size: Number(row.file_size_bytes), columns: new Map(columns) }
}

function entries(map: Json | undefined): [string, Json][] {
  return ((map ?? []) as { key: string; value: Json }[]).map(({ key, value }) => [key, value])
}

/** Delta's per-file statistics. Numbers go over as the text that the writer gave: never through a JavaScript number. */
export function deltaStats(file: WrittenFile, schema: StructType): string {
  const minValues: Record<string, unknown> = {}
  const maxValues: Record<string, unknown> = {}
  const nullCount: Record<string, unknown> = {}
  for (const field of schema.fields) {
    const column = file.columns.get(quoteName(field.name))
    if (!column) continue
    nullCount[field.name] = exactNumber(column.get('null_count') ?? '0')
    const [min, max] = [bound(column.get('min'), field.type), bound(column.get('max'), field.type)]
    if (min !== undefined && max !== undefined) {
      minValues[field.name] = min
      maxValues[field.name] = max
    }
  }
  return JSON.stringify({ numRecords: exactNumber(String(file.rows)), minValues, maxValues, nullCount })
}

function bound(text: string | undefined, type: DataType): unknown {
  if (text === undefined) return undefined
  if (type === 'integer' || type === 'long') return exactNumber(text)
  if (type === 'timestamp') return new Date(text).toISOString()
  if (type === 'date') return text
  return undefined
}
