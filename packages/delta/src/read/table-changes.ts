import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName } from '@millrace/engine'
import type { Metadata } from '../log/actions.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { keyOf } from '../log/properties.ts'
import { schemaOf } from '../log/schema.ts'
import { CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION } from './change-columns.ts'
import { type ChangesOfCommit, type Placed, readChanges, type VersionRange } from './commit-changes.ts'
import { FILE, planScan, ROW } from './plan.ts'
import { fileKey } from './replay.ts'
import { type OpenScan, openScan } from './scan.ts'
import { jsonList } from './scan-sql.ts'
import { openTable, type Snapshot } from './snapshot.ts'

/**
 * The rows that commits have changed, as a SELECT for `connection`: the table's columns at the last of the versions, then
 * CHANGE_TYPE, COMMIT_VERSION and COMMIT_TIMESTAMP. Where a commit has change files they say it; else the rows of
 * files that came and went are compared, so that a row that was only copied is none. Rows of one key
 * that a commit has taken away and brought are the two images of an update; without a key they are a delete and an
 * insert. Commits that only move rows have none.
 */
export async function openChanges(
  table: TableRef,
  range: VersionRange,
  connection: DuckDBConnection,
): Promise<OpenScan> {
  const snapshot = await openTable(table, range.to)
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `there is no table at ${tableUrl(table)}`)
  const commits = await readChanges(snapshot, range)
  const opened = new AsyncDisposableStack()
  const scans: OpenScan[] = []
  const open = async (of: Snapshot, files: readonly Placed[]) => {
    const parts: OpenScan[] = []
    for (const group of apart(table, files)) parts.push(opened.use(await openPlaced(of, group, connection)))
    scans.push(...parts)
    return parts.map(({ sql }) => sql).join(' UNION ALL ')
  }
  try {
    const sql = await changesSql(snapshot, commits, keyOf(snapshot.metadata), open)
    const times = jsonList(
      commits.map(({ version, time }) => ({ version, time })),
      '[{"version": "BIGINT", "time": "BIGINT"}]',
    )
    const release = () => opened.disposeAsync()
    return {
      sql: `SELECT c.*, make_timestamptz(1000 * time) AS ${COMMIT_TIMESTAMP}
        FROM (${sql}) AS c JOIN (SELECT unnest(${times}, recursive := true)) AS t ON t.version = c.${COMMIT_VERSION}`,
      explain: (error) => scans.reduce((known, scan) => scan.explain(known), error),
      release,
      [Symbol.asyncDispose]: release,
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

type Open = (of: Snapshot, files: readonly Placed[]) => Promise<string>

async function changesSql(
  snapshot: Snapshot,
  commits: readonly ChangesOfCommit[],
  key: readonly string[],
  open: Open,
): Promise<string> {
  const all = (of: (commit: ChangesOfCommit) => readonly Placed[]) => commits.flatMap(of)
  const names = planScan(snapshot).columns.map(({ name }) => quoteName(name))
  const [columns, version] = [names.join(', '), COMMIT_VERSION]
  const typed = (type: string, rows: string) =>
    `SELECT ${columns}, '${type}' AS ${CHANGE_TYPE}, ${version} FROM (${rows})`
  const parts: string[] = []
  const recorded = all(({ recorded }) => recorded)
  if (recorded.length > 0) {
    parts.push(`SELECT ${columns}, ${CHANGE_TYPE}, ${version} FROM (${await open(withChangeType(snapshot), recorded)})`)
  }
  const plain = [
    ['insert', all(({ appended }) => appended)],
    ['delete', all(({ dropped }) => dropped)],
  ] as const
  for (const [type, files] of plain) if (files.length > 0) parts.push(typed(type, await open(snapshot, files)))
  const mixed: string[] = []
  const compared = async (
    before: readonly Placed[],
    after: readonly Placed[],
    without: (a: string, b: string) => string,
  ) => {
    if (before.length === 0 && after.length === 0) return
    const [old, young] = [await open(snapshot, before), await open(snapshot, after)]
    mixed.push(typed('delete', without(old, young)), typed('insert', without(young, old)))
  }
  const values = (rows: string) => `SELECT ${columns}, ${version} FROM (${rows})`
  await compared(
    all(({ replaced }) => replaced),
    all(({ replacing }) => replacing),
    (a, b) => `(${values(a)}) EXCEPT ALL (${values(b)})`,
  )
  await compared(
    all(({ marked }) => marked.map(({ before }) => before)),
    all(({ marked }) => marked.map(({ after }) => after)),
    (a, b) =>
      `FROM (${a}) ANTI JOIN (SELECT ${version}, ${FILE}, ${ROW} FROM (${b})) USING (${version}, ${FILE}, ${ROW})`,
  )
  if (mixed.length > 0) parts.push(withImages(mixed.join(' UNION ALL '), key))
  return parts.length > 0 ? parts.join(' UNION ALL ') : `${typed('', await open(snapshot, []))} WHERE false`
}

/** Makes a delete and an insert of the same key in one commit the two images of an update. */
function withImages(rows: string, key: readonly string[]): string {
  if (key.length === 0) return rows
  const same = `(PARTITION BY ${[COMMIT_VERSION, ...key.map(quoteName)].join(', ')})`
  const both = `count(*) FILTER (WHERE ${CHANGE_TYPE} = 'delete') OVER ${same} = 1 AND count(*) OVER ${same} = 2`
  return `SELECT * REPLACE (CASE WHEN NOT (${both}) THEN ${CHANGE_TYPE}
    WHEN ${CHANGE_TYPE} = 'delete' THEN 'update_preimage' ELSE 'update_postimage' END AS ${CHANGE_TYPE}) FROM (${rows})`
}

/** Splits files so that none is in a group twice: a file has one deletion vector in a scan. */
function apart(table: TableRef, files: readonly Placed[]): Placed[][] {
  const groups: { readonly files: Placed[]; readonly keys: Set<string> }[] = [{ files: [], keys: new Set() }]
  for (const placed of files) {
    const key = fileKey(table, placed.file.path)
    const group = groups.find(({ keys }) => !keys.has(key))
    if (!group) groups.push({ files: [placed], keys: new Set([key]) })
    group?.files.push(placed)
    group?.keys.add(key)
  }
  return groups.map(({ files: inGroup }) => inGroup)
}

/** Opens a scan whose rows have COMMIT_VERSION, and as FILE the place that the file was given. */
async function openPlaced(
  snapshot: Snapshot,
  files: readonly Placed[],
  connection: DuckDBConnection,
): Promise<OpenScan> {
  const scan = await openScan(
    { ...planScan(snapshot), files: files.map(({ file }) => file), positions: true },
    connection,
  )
  const places = files.map(({ version, place }, i) => ({ i, version, place }))
  const facts = jsonList(places, '[{"i": "BIGINT", "version": "BIGINT", "place": "BIGINT"}]')
  const sql = `SELECT r.* REPLACE (p.place AS ${FILE}), p.version AS ${COMMIT_VERSION}
    FROM (${scan.sql}) AS r JOIN (SELECT unnest(${facts}, recursive := true)) AS p ON p.i = r.${FILE}`
  return { ...scan, sql }
}

/** The table as its change files are: they have one column more, which no mapping knows. */
function withChangeType(snapshot: Snapshot): Snapshot {
  const { metadata } = snapshot
  const type = { name: CHANGE_TYPE, type: 'string', nullable: true, metadata: {} }
  const schema = { type: 'struct', fields: [...schemaOf(metadata).fields, type] }
  const configuration = Object.fromEntries(
    Object.entries(metadata.configuration).map(([name, value]) => [
      name,
      name.toLowerCase() === 'delta.columnmapping.mode' && value.toLowerCase() === 'id' ? 'name' : value,
    ]),
  )
  return {
    ...snapshot,
    metadata: { ...metadata, schemaString: JSON.stringify(schema), configuration } satisfies Metadata,
  }
}
