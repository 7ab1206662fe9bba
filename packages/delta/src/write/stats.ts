import type { Json } from '@duckdb/node-api'
import { exactNumber } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Metadata } from '../log/actions.ts'
import { property } from '../log/properties.ts'
import { type DataType, type StructField, schemaOf } from '../log/schema.ts'
import { boundOf } from './bounds.ts'

/** What DuckDB's Parquet writer reports of a written file (RETURN_STATS). */
export interface WrittenFile {
  readonly path: string
  readonly rows: bigint
  readonly size: number
  /** Column, as DuckDB names it, → statistic → text. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly partition: ReadonlyMap<string, string | null>
}

export function writtenFile(row: Record<string, Json>): WrittenFile {
  const columns = entries(row.column_statistics).map(
    ([name, stats]) => [name, new Map(entries(stats) as [string, string][])] as const,
  )
  return {
    path: String(row.filename),
    rows: BigInt(String(row.count)),
    size: Number(row.file_size_bytes),
    columns: new Map(columns),
    partition: new Map(entries(row.partition_keys) as [string, string | null][]),
  }
}

function entries(map: Json | undefined): [string, Json][] {
  return ((map ?? []) as { key: string; value: Json }[]).map(({ key, value }) => [key, value])
}

/** A column, or a field in a struct of structs, that has values of its own. */
export interface Leaf {
  readonly path: readonly string[]
  readonly type: DataType
}

/** Returns a leaf column's name in RETURN_STATS. */
export function leafName(leaf: Leaf): string {
  return leaf.path.map(quoteName).join('.')
}

const INDEXED_BY_DEFAULT = 32

/** The leaves that a table wants statistics of: those that its properties name, or the first 32. */
export function indexedLeaves(metadata: Metadata): Leaf[] {
  const { configuration, partitionColumns } = metadata
  const fields = schemaOf(metadata).fields.filter(({ name }) => !partitionColumns.includes(name))
  const leaves = leavesOf(fields, [])
  const named = property(configuration, 'delta.dataSkippingStatsColumns')
  if (named !== undefined) {
    const wanted = named.split(',').map((name) => name.trim().replaceAll('`', ''))
    return leaves.filter(({ path }) => wanted.some((name) => `${path.join('.')}.`.startsWith(`${name}.`)))
  }
  const count = Number(property(configuration, 'delta.dataSkippingNumIndexedCols') ?? INDEXED_BY_DEFAULT)
  return count < 0 ? leaves : leaves.slice(0, count)
}

function leavesOf(fields: readonly StructField[], above: readonly string[]): Leaf[] {
  return fields.flatMap(({ name, type }) => {
    const path = [...above, name]
    return typeof type === 'object' && type.type === 'struct' ? leavesOf(type.fields, path) : [{ path, type }]
  })
}

/**
 * Delta's per-file statistics. Numbers go over as the text that the writer gave: never through a JavaScript
 * number. Lists and maps have none: the writer counts their elements, not their rows.
 */
export function deltaStats(file: WrittenFile, leaves: readonly Leaf[], unbounded: ReadonlySet<string>): string {
  const minValues: Tree = {}
  const maxValues: Tree = {}
  const nullCount: Tree = {}
  for (const leaf of leaves) {
    const name = leafName(leaf)
    const column = file.columns.get(name)
    if (!column) continue
    plant(nullCount, leaf.path, exactNumber(column.get('null_count') ?? '0'))
    if (unbounded.has(name) || column.get('has_nan') === 'true') continue
    for (const [side, tree] of [['min', minValues] as const, ['max', maxValues] as const]) {
      const text = column.get(side)
      const bound = text === undefined ? undefined : boundOf(side, text, leaf.type)
      if (bound !== undefined) plant(tree, leaf.path, bound)
    }
  }
  return JSON.stringify({ numRecords: exactNumber(file.rows), minValues, maxValues, nullCount })
}

interface Tree {
  [name: string]: unknown
}

function plant(tree: Tree, path: readonly string[], value: unknown): void {
  const [name, ...below] = path
  if (name === undefined) return
  if (below.length === 0) {
    Object.defineProperty(tree, name, { value, enumerable: true, configurable: true, writable: true })
    return
  }
  if (!Object.hasOwn(tree, name)) plant(tree, [name], {})
  plant(tree[name] as Tree, below, value)
}
