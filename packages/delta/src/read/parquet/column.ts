import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js'
import { type LeafLevels, type Page, readDictionary, readPage } from './page.ts'
import { addSpan, type Rows } from './rows.ts'

/** The values of one field in a row group. Rows without a value are left out. */
export interface Column {
  readonly rows: Rows
  /** A value for each of these rows. */
  readonly values: readonly unknown[]
}

export const NOTHING: Column = { rows: [], values: [] }

/** Most values and bytes of a page. Writers end pages at 1 MB or with their row group; a damaged header claims anything. */
const MOST_VALUES = 8 << 20
const MOST_BYTES = 256 << 20

/** Decodes the pages of a leaf column; of one that repeats, a row's value is the list of what it has. */
export function decodeColumn(bytes: Uint8Array, chunk: ColumnMetaData, path: readonly SchemaTree[]): Column {
  const rows: Rows[number][] = []
  const values: unknown[][] = []
  const levels = levelsOf(path)
  let [row, places] = [0, 0]
  for (const page of pagesOf(bytes, chunk, path, levels)) {
    places += page.places
    if (levels.repetition > 0) row = addLists(page, levels, row, rows, values)
    else row = addValues(page, levels, row, rows, values)
  }
  if (places !== Number(chunk.num_values))
    throw new Error(`a column has ${places} values in place of ${chunk.num_values}`)
  return { rows, values: values.length === 1 ? (values[0] as unknown[]) : values.flat() }
}

/** Returns the number of the row after the last. */
function addValues(page: Page, { value }: LeafLevels, from: number, rows: Rows[number][], values: unknown[][]): number {
  const { values: levels, ends } = page.definitions
  for (let run = 0; run < levels.length; run++) {
    const start = ends[run - 1] ?? 0
    if (levels[run] === value) addSpan(rows, from + start, (ends[run] as number) - start)
  }
  values.push(Array.isArray(page.values) ? page.values : Array.from(page.values))
  return from + page.places
}

/** Returns the number of the row after the last; a page may begin in the middle of a row. */
function addLists(page: Page, levels: LeafLevels, from: number, rows: Rows[number][], values: unknown[][]): number {
  const { definitions, repetitions, places, values: own } = page
  const lists = values[0] ?? []
  values[0] = lists
  let [after, next, repeating, defining] = [from, 0, 0, 0]
  for (let place = 0; place < places; ) {
    const isFirst = repetitions.values[repeating] === 0
    const level = definitions.values[defining] as number
    const [repeats, defines] = [repetitions.ends[repeating] as number, definitions.ends[defining] as number]
    const until = Math.min(repeats, defines)
    if (level < levels.list) after += isFirst ? until - place : 0
    else {
      for (let one = place; one < until; one++) {
        if (isFirst) after++
        if (lastRow(rows) !== after - 1) {
          addSpan(rows, after - 1, 1)
          lists.push([])
        }
        const list = lists.at(-1) as unknown[]
        if (level > levels.list) list.push(level === levels.value ? own[next++] : null)
      }
    }
    place = until
    if (repeats === until) repeating++
    if (defines === until) defining++
  }
  return after
}

function lastRow(rows: Rows): number | undefined {
  const last = rows.at(-1)
  return last && last.from + last.count - 1
}

function levelsOf(path: readonly SchemaTree[]): LeafLevels {
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
  levels: LeafLevels,
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
