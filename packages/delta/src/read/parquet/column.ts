import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js'
import { type Levels, type Page, readDictionary, readPage } from './page.ts'

/** What the rows of a row group have in one field: only rows that have something are named. */
export interface Column {
  /** Numbers of the rows in their row group, ascending. */
  readonly rows: readonly number[]
  /** A value for each of these rows. */
  readonly values: readonly unknown[]
}

export const NOTHING: Column = { rows: [], values: [] }

/** Returns what looks values up by row; the rows must be asked for in ascending order. */
export function cursor({ rows, values }: Column): (row: number) => unknown {
  let at = 0
  return (row) => {
    while ((rows[at] ?? Number.POSITIVE_INFINITY) < row) at++
    return rows[at] === row ? values[at] : undefined
  }
}

/** Most values and bytes of a page. Writers end pages at 1 MB or with their row group; a damaged header claims anything. */
const MOST_VALUES = 8 << 20
const MOST_BYTES = 256 << 20

/** Decodes the pages of a leaf column; of one that repeats, a row's value is the list of what it has. */
export function decodeColumn(bytes: Uint8Array, chunk: ColumnMetaData, path: readonly SchemaTree[]): Column {
  const rows: number[] = []
  const values: unknown[] = []
  const levels = levelsOf(path)
  let [row, places] = [0, 0]
  for (const page of pagesOf(bytes, chunk, path, levels)) {
    places += (page.repetitions ?? page.definitions ?? page.values).length
    row = levels.repetition > 0 ? addLists(page, levels, row, rows, values) : addValues(page, levels, row, rows, values)
  }
  if (places !== Number(chunk.num_values))
    throw new Error(`a column has ${places} values in place of ${chunk.num_values}`)
  return { rows, values }
}

/** Returns the number of the row after the last. */
function addValues(page: Page, { value }: Levels, from: number, rows: number[], values: unknown[]): number {
  const { definitions, values: own } = page
  if (!definitions) {
    for (let i = 0; i < own.length; i++) {
      rows.push(from + i)
      values.push(own[i])
    }
    return from + own.length
  }
  let next = 0
  for (let i = 0; i < definitions.length; i++) {
    if (definitions[i] !== value) continue
    rows.push(from + i)
    values.push(own[next++])
  }
  return from + definitions.length
}

/** Returns the number of the row after the last; a page may begin in the middle of a row. */
function addLists(page: Page, levels: Levels, from: number, rows: number[], values: unknown[]): number {
  const { definitions, repetitions = new Uint8Array(), values: own } = page
  let [after, next] = [from, 0]
  for (let i = 0; i < repetitions.length; i++) {
    if (repetitions[i] === 0) after++
    const level = definitions ? (definitions[i] as number) : levels.value
    if (level < levels.list) continue
    if (rows.at(-1) !== after - 1) {
      rows.push(after - 1)
      values.push([])
    }
    const list = values.at(-1) as unknown[]
    if (level > levels.list) list.push(level === levels.value ? own[next++] : null)
  }
  return after
}

function levelsOf(path: readonly SchemaTree[]): Levels {
  const repetition = getMaxRepetitionLevel([...path])
  if (repetition > 1) throw new Error('it has lists in lists')
  const repeated = path.findIndex(({ element }) => element.repetition_type === 'REPEATED')
  const list = repeated < 0 ? 0 : getMaxDefinitionLevel(path.slice(0, repeated))
  return { value: getMaxDefinitionLevel([...path]), list, repetition }
}

function* pagesOf(
  bytes: Uint8Array,
  { codec, type }: ColumnMetaData,
  path: readonly SchemaTree[],
  levels: Levels,
): Generator<Page> {
  const { element } = path.at(-1) as SchemaTree
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
  let dictionary: ArrayLike<unknown> = []
  while (reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader)
    refuseHuge(header)
    const body = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size)
    if (body.length !== header.compressed_page_size) throw new Error('a page is cut off')
    reader.offset += body.length
    const column = { codec, type, element, levels }
    if (header.type === 'DICTIONARY_PAGE') dictionary = readDictionary(body, header, column)
    else if (header.type !== 'INDEX_PAGE') yield readPage(body, header, column, dictionary)
  }
}

function refuseHuge(header: PageHeader): void {
  const { data_page_header: first, data_page_header_v2: second, dictionary_page_header: words } = header
  const [count, size] = [(first ?? second ?? words)?.num_values ?? 0, Number(header.uncompressed_page_size)]
  if (!(count >= 0 && count <= MOST_VALUES && size >= 0 && size <= MOST_BYTES)) throw new Error('a page is too large')
}
