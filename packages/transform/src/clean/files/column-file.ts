import type { JoinedValues } from '@millrace/base'
import { quoteName, quoteText } from '@millrace/engine'
import {
  type BlockColumns,
  type Column,
  columnKey,
  LONGEST_JOINED_VALUE,
  parquetFile,
  parquetName,
  type ReadMessages,
} from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { PLACE } from '../sql/changes.ts'
import { knownNames, type RecordSource, readTypes } from '../sql/queries.ts'
import { MOST_UNKNOWN_NAMES, type UnknownFields } from '../unknown-fields.ts'
import { writePieces } from './line-files.ts'

/**
 * Returns the columns of the blocks, where each has its records as columns and none was rejected after that. Those of a keyed
 * data set have every message: the place of a change is counted over all of them.
 */
export function columnsOf({ keyed }: Dataset, read: readonly ReadMessages[]): readonly BlockColumns[] | undefined {
  const blocks = read.map(({ columns, lines, rejected }) =>
    columns && rowsIn([columns]) + (keyed ? 0 : rejected.length) === lines.count && hasShortLines(columns, lines)
      ? columns
      : undefined,
  )
  return blocks.every((block) => block !== undefined) ? blocks : undefined
}

/** A record whose line is longer is read by itself, whatever records come with it. */
function hasShortLines({ longest, columns }: BlockColumns, lines: JoinedValues): boolean {
  const names = columns.reduce((size, { name }) => size + Buffer.byteLength(JSON.stringify(name)) + NAME_FRAME, 0)
  if (longest * MOST_ESCAPED + names <= LONGEST_JOINED_VALUE) return true
  return lines.traits.longest <= LONGEST_JOINED_VALUE
}

/** A byte of a text takes up to six in a line; a field has two quotes, a colon and a comma. */
const [MOST_ESCAPED, NAME_FRAME] = [6, 4] as const

export function rowsIn(blocks: readonly BlockColumns[]): number {
  return blocks.reduce((sum, { groups }) => groups.reduce((rows, { index }) => rows + index.length, sum), 0)
}

/** Replaces what a file holds by the columns of the blocks that the data set knows; returns what reads them. */
export async function writeColumns(
  file: string,
  dataset: Dataset,
  blocks: readonly BlockColumns[],
): Promise<RecordSource> {
  const names = new Set(knownNames(dataset))
  const columns = new Map<string, Column>()
  for (const { columns: own, groups } of blocks) {
    for (const [place, column] of own.entries()) {
      if (names.has(column.name) && groups.some(({ pages }) => pages.has(place))) columns.set(columnKey(column), column)
    }
  }
  const keys = [...columns.keys()]
  const placesIn = (block: BlockColumns) => {
    const places = new Map(block.columns.map((column, place) => [columnKey(column), place] as const))
    return keys.map((key) => places.get(key) ?? -1)
  }
  // A file needs a column.
  await writePieces(file, [...parquetFile(blocks, placesIn, Math.max(1, keys.length))])
  return source(dataset, file, [...columns.values()])
}

function source(dataset: Dataset, file: string, columns: readonly Column[]): RecordSource {
  const values = readTypes(dataset).map(([name, type]) => {
    const found = columns.flatMap((column, i) => (column.name === name ? [readBack(column, parquetName(i), type)] : []))
    return `${coalesced(found)}::${type} AS ${quoteName(name)}`
  })
  const place = dataset.keyed ? [`file_row_number AS ${PLACE}`] : []
  const options = dataset.keyed ? ', file_row_number = true' : ''
  return `(SELECT ${[...values, ...place].join(', ')} FROM read_parquet(${quoteText(file)}${options}, hive_partitioning = false))`
}

/** A record has a value in one of the columns that a field has. */
function coalesced(values: readonly string[]): string {
  return values.length > 1 ? `coalesce(${values.join(', ')})` : (values[0] ?? 'NULL')
}

/** Returns SQL for what the reader of JSON makes of a column's value. */
function readBack({ kind }: Column, name: string, type: 'VARCHAR' | 'JSON'): string {
  if (type === 'JSON') return kind === 'text' ? `to_json(${name})` : `${name}::JSON`
  if (kind === 'real') return `CAST(${name}::DOUBLE AS VARCHAR)`
  return kind === 'json' ? `(${name} ->> '$')` : name
}

/** Counts in how many records there are fields that the data set does not know. */
export function unknownColumns(blocks: readonly BlockColumns[], dataset: Dataset): UnknownFields {
  const known = new Set(knownNames(dataset))
  const names = new Map<string, number>()
  for (const { columns, groups } of blocks) {
    for (const [place, { name }] of columns.entries()) {
      const present = groups.reduce((sum, { pages }) => sum + (pages.get(place)?.present ?? 0), 0)
      if (present > 0 && !known.has(name)) names.set(name, (names.get(name) ?? 0) + present)
    }
  }
  const frequent = [...names].sort(([, a], [, b]) => b - a).slice(0, MOST_UNKNOWN_NAMES)
  return { looked: rowsIn(blocks), names: new Map(frequent) }
}
