import { commitVersions, listTables, openTable, planScan, readCommits, withScan } from '@millrace/delta'
import { filesOf, openDuckDB, quoteText } from '@millrace/engine'
import { openLake } from '@millrace/store'

/** Messages of one commit that waited equally long for it. */
export interface Waited {
  /** When the commit was made. */
  readonly at: number
  /** From when a message was sent until it was committed, rounded up to a tenth of a second. */
  readonly ms: number
  readonly messages: number
}

export interface Outcome {
  readonly lost: number
  readonly doubled: number
  readonly commits: number
  readonly waited: readonly Waited[]
}

type Engine = Awaited<ReturnType<typeof openDuckDB>>
type Table = Parameters<typeof commitVersions>[0]

/** Operations of commits that add rows: ours and a query of Spark's, and a batch that Spark writes. */
const APPENDS: ReadonlySet<unknown> = new Set(['STREAMING UPDATE', 'WRITE'])

/** Compares the tables with what was sent: in each topic the ids from 0 to `messages`, without it. */
export async function judge(lake: string, topics: number, messages: number): Promise<Outcome> {
  const store = await openLake(lake)
  const tables = (await listTables(store)).filter((table) => !table.endsWith('_quarantine'))
  const engine = await openDuckDB({ files: filesOf(store) })
  const waited: Waited[] = []
  let [rows, ids, commits] = [0, 0, 0]
  for (const path of tables) {
    const snapshot = await openTable({ store, path })
    if (!snapshot) continue
    const connection = await engine.connect()
    const counted = await withScan(planScan(snapshot), connection, (sql) =>
      connection.runAndReadAll(`SELECT count(*), count(DISTINCT id) FROM (${sql}) WHERE id < ${messages}`),
    )
    connection.closeSync()
    rows += Number(counted.getRows()[0]?.[0])
    ids += Number(counted.getRows()[0]?.[1])
    const files = await filesIn({ store, path })
    commits += new Set(files.map(({ version }) => version)).size
    waited.push(...(await waitedIn({ store, path }, files, engine)))
  }
  engine.close()
  return { lost: topics * messages - ids, doubled: rows - ids, commits, waited }
}

interface CommittedFile {
  readonly version: number
  readonly at: number
  readonly path: string
}

/** Returns the files that were committed with their rows, also those that compaction has replaced since. */
async function filesIn(table: Table): Promise<CommittedFile[]> {
  const files: CommittedFile[] = []
  for await (const { version, actions } of readCommits(table, await commitVersions(table, 0))) {
    const at = Number(actions?.commitInfo?.timestamp)
    if (!actions || !APPENDS.has(actions.commitInfo?.operation)) continue
    files.push(...actions.add.map(({ path }) => ({ version, at, path })))
  }
  return files
}

async function waitedIn({ store, path }: Table, files: readonly CommittedFile[], engine: Engine): Promise<Waited[]> {
  if (files.length === 0) return []
  const { paths, release } = await store.readable(files.map((file) => `${path}/${decodeURIComponent(file.path)}`))
  const connection = await engine.connect()
  try {
    const parts = paths.map(
      (local, i) => `SELECT ${files[i]?.at} AS committed_at, sent_at FROM read_parquet([${quoteText(local)}])`,
    )
    const read = await connection.runAndReadAll(
      `SELECT committed_at, ceil((committed_at - epoch_ms(sent_at)) / 100.0) * 100 AS ms, count(*)
       FROM (${parts.join(' UNION ALL ')}) GROUP BY committed_at, ms`,
    )
    return read.getRows().map(([at, ms, messages]) => {
      return { at: Number(at), ms: Number(ms), messages: Number(messages) }
    })
  } finally {
    connection.closeSync()
    await release()
  }
}
