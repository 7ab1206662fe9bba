import { exactNumber } from '@millrace/base'
import type { RowGroup } from 'hyparquet'
import type { AddFile, DeletionVector, PartitionValues } from '../log/actions.ts'
import { isCount, isTexts, isVector } from '../log/checked-action.ts'
import { type Column, NOTHING } from './parquet/column.ts'
import type { ParquetFile } from './parquet/file.ts'
import { areSame, cursor, numbersOf } from './parquet/rows.ts'
import type { Replay } from './replay.ts'

/** Values by place in a list of paths; undefined where no path has any. */
type Aligned = readonly unknown[] | undefined

/** Reads the adds of a row group. The loop runs once for each file of the table, cold: it calls as little as it can. */
export async function readAdds(file: ParquetFile, group: RowGroup, replay: Replay): Promise<void> {
  const paths = await readNamed(file, group, 'add', 'path')
  if (paths.values.length === 0) return
  const read = async (name: string) => alignedTo(paths, await readNamed(file, group, 'add', name))
  const [sizes, times, vectors] = [await read('size'), await read('modificationTime'), await read('deletionVector')]
  const [partitions, tags] = [shared(await read('partitionValues')), shared(await read('tags'))]
  const stats = await readStats(file, group, paths)
  const urls = paths.values as string[]
  refuseOtherValues(urls, vectors, partitions)
  const arePlain = areAllPlain(urls)
  for (let at = 0; at < urls.length; at++) {
    const path = urls[at] as string
    const size = sizes?.[at]
    if (!isCount(size)) throw new Error(`its file ${path} has no size`)
    const add: AddFile = {
      path,
      partitionValues: (partitions?.[at] ?? NO_VALUES) as PartitionValues,
      size,
      modificationTime: Number(times?.[at] ?? 0),
      dataChange: false,
      stats: (stats?.[at] as string | undefined) || null,
      tags: (tags?.[at] ?? null) as AddFile['tags'] & (object | null),
      deletionVector: vectors?.[at] ? vectorOf(vectors[at]) : null,
    }
    replay.add(add, arePlain)
  }
}

const NO_VALUES: PartitionValues = {}

/** Throws for a file that no table can have, by the same rules as for an entry of the log. */
function refuseOtherValues(paths: readonly string[], vectors: Aligned, partitions: Aligned): void {
  const odd = vectors?.findIndex((vector) => vector && !isVector(vectorOf(vector))) ?? -1
  if (odd >= 0) throw new Error(`its file ${paths[odd]} has a deletion vector that the protocol does not know`)
  const known = new Set(partitions)
  known.delete(undefined)
  for (const values of known) if (!isTexts(values)) throw new Error('it has partition values of other than texts')
}

/** Reads a field by its path; writers leave out those that they don't use. */
export async function readNamed(file: ParquetFile, group: RowGroup, ...path: readonly string[]): Promise<Column> {
  let field: ParquetFile['schema'] | undefined = file.schema
  for (const name of path) field = field?.children.find(({ element }) => element.name === name)
  // For a file, an empty map means the same as no map.
  return field ? file.read(group, field, path[0] === 'add') : NOTHING
}

function alignedTo({ rows }: Column, column: Column): Aligned {
  if (column.values.length === 0) return undefined
  return areSame(column.rows, rows) ? column.values : numbersOf(rows).map(cursor(column))
}

/** Returns statistics as JSON text; where a file has them only in columns, it is made from these. */
async function readStats(file: ParquetFile, group: RowGroup, paths: Column): Promise<Aligned> {
  const texts = await readNamed(file, group, 'add', 'stats')
  const stats = alignedTo(paths, texts)
  if (texts.values.length >= paths.values.length) return stats
  const parsed = alignedTo(paths, await readNamed(file, group, 'add', 'stats_parsed'))
  return parsed?.map((values, at) => stats?.[at] ?? (values === undefined ? undefined : lineOf(values))) ?? stats
}

/** Returns a value as JSON, with every digit of its numbers. */
export function lineOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? exactNumber(part) : part))
}

const CONTROL = /\p{Cc}/u
/** What no path has, between two bars, that can be spelled in one way only. */
const SPELLINGS = ['%', ':', '//', '/.', '|.', '|/', '||']

/** Whether each path is the one key of its file. They are looked at as one text, which takes a tenth of the time. */
function areAllPlain(paths: readonly unknown[]): boolean {
  const all = `|${paths.join('|')}|`
  if (typeof paths[0] !== 'string' || CONTROL.test(all)) throw new Error('it names a file by a path that is no URL')
  return !SPELLINGS.some((spelling) => all.includes(spelling))
}

/** Makes equal maps one object: those of a table's files repeat. */
function shared(maps: Aligned): Aligned {
  const known = new Map<string, unknown>()
  return maps?.map((map) => {
    const text = JSON.stringify(map)
    if (!known.has(text)) known.set(text, map)
    return known.get(text)
  })
}

function vectorOf(value: unknown): DeletionVector {
  const { storageType, pathOrInlineDv, offset, sizeInBytes, cardinality } = value as DeletionVector
  const isPlaced = typeof offset === 'number'
  return { storageType, pathOrInlineDv, ...(isPlaced && { offset }), sizeInBytes, cardinality }
}
