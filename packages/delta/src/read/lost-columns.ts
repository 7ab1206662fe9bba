import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { columnId, physicalName, type TableColumns } from '../log/columns.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { type StructField, schemaOf, unreadableType } from '../log/schema.ts'
import { commitVersions, readCommits } from './commits.ts'
import type { Scan } from './plan.ts'
import { jsonList, usedColumns, withoutGlob } from './scan-sql.ts'
import type { Snapshot } from './snapshot.ts'

/** Reads the footers of at most this many files, the newest. */
const MOST_FILES = 100

/** Physical names of columns that were checked: no file has their values under another name. */
const cleared = new WeakMap<Snapshot, Set<string>>()

/**
 * A mapped column that no file has under its physical name is NULL, as the protocol says: it was added after all the
 * files. But where a file has a column that nothing accounts for, and which may be the one that is asked for, the
 * writer did not keep to the mapping, and the scan is refused. Footers are read only for columns that no file's
 * statistics mention.
 */
export async function refuseLostColumns(
  scan: Scan,
  columns: TableColumns,
  paths: readonly string[],
  connection: DuckDBConnection,
): Promise<void> {
  if (columns.mapping === 'none') return
  const { snapshot } = scan
  const known = cleared.get(snapshot) ?? new Set()
  cleared.set(snapshot, known)
  const unseen = new Set(
    usedColumns(scan, columns).filter((field) => {
      const name = physicalName(field, columns.mapping)
      const isInFiles = !columns.isPartition(field) && field.type !== 'void' && unreadableType(field.type) === undefined
      return isInFiles && !known.has(name) && !isInStatistics(snapshot, name)
    }),
  )
  const files: StoredFile[] = []
  for (const [index, file] of [...scan.files.entries()].slice(-MOST_FILES).reverse()) {
    if (unseen.size === 0) return
    const stored = await storedColumns(paths[index] ?? '', connection)
    for (const field of unseen) if (stored.some((column) => isStoredAs(column, field, columns))) unseen.delete(field)
    files.push({ file, stored })
  }
  const former = createFormerNames(snapshot.table)
  for (const field of unseen) await refuseLost(scan, columns, field, files, former)
  for (const field of unseen) known.add(physicalName(field, columns.mapping))
}

interface StoredColumn {
  readonly name: string
  readonly id: number | undefined
}

interface StoredFile {
  readonly file: AddFile
  readonly stored: readonly StoredColumn[]
}

function isInStatistics({ files }: Snapshot, name: string): boolean {
  const key = `${JSON.stringify(name)}:`
  return files.values().some(({ stats }) => stats?.includes(key) ?? false)
}

/** The columns of a file, without what is inside of them. */
async function storedColumns(path: string, connection: DuckDBConnection): Promise<StoredColumn[]> {
  const list = jsonList([withoutGlob(path)], '["VARCHAR"]')
  const found = await connection.runAndReadAll(`SELECT name, num_children, field_id FROM parquet_schema(${list})`)
  const columns: StoredColumn[] = []
  let inside = 0
  for (const [name, children, id] of found.getRows().slice(1)) {
    if (inside === 0) columns.push({ name: String(name), id: id === null ? undefined : Number(id) })
    else inside--
    inside += Number(children ?? 0)
  }
  return columns
}

function isStoredAs({ name, id }: StoredColumn, field: StructField, { mapping }: TableColumns): boolean {
  return mapping === 'id' ? id === columnId(field) : isSame(name, physicalName(field, mapping))
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase()
}

type FormerNames = () => Promise<ReadonlySet<string>>

/** Names that columns have had in files, as far as the log goes back. */
function createFormerNames(table: TableRef): FormerNames {
  let names: Promise<ReadonlySet<string>> | undefined
  const read = async () => {
    const found = new Set<string>()
    for await (const { actions } of readCommits(table, await commitVersions(table, 0))) {
      const fields = actions?.metaData ? schemaOf(actions.metaData).fields : []
      for (const field of fields) found.add(physicalName(field, 'name').toLowerCase())
    }
    return found
  }
  return () => {
    names ??= read()
    return names
  }
}

async function refuseLost(
  { snapshot }: Scan,
  columns: TableColumns,
  field: StructField,
  files: readonly StoredFile[],
  former: FormerNames,
): Promise<void> {
  const { mapping, fields } = columns
  const ids = new Set(fields.map(columnId))
  for (const { file, stored } of files) {
    const unmapped = stored.filter((column) => !fields.some((other) => isStoredAs(column, other, columns)))
    const isAllUnmapped = unmapped.length === stored.length
    for (const { name, id } of unmapped) {
      const mayBeIt = isAllUnmapped || isSame(name, field.name) || (id !== undefined && id === columnId(field))
      if (!mayBeIt) continue
      // A column that was dropped from the table is still in its files.
      const wasDropped =
        id === undefined ? mapping === 'name' && (await former()).has(name.toLowerCase()) : !ids.has(id)
      if (wasDropped) continue
      const mapped = mapping === 'id' ? `id ${columnId(field)}` : physicalName(field, mapping)
      const what = `${tableUrl(snapshot.table)} version ${snapshot.version}: column ${field.name} is ${mapped} in its files, and none has that`
      throw new MillraceError('TABLE_BROKEN', `${what}; but ${file.path} has a column ${name}`, {
        next: 'Let the engine that wrote the file write it anew, by the column mapping of the table; or read other columns.',
      })
    }
  }
}
