import { commitVersions, listTables, openTable, planScan, readCommits, withScan } from '@millrace/delta'
import { filesOf, openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'

/** A commit: when it was, and how long its oldest message had waited for it. */
export interface Waited {
  readonly at: number
  readonly ms: number
}

export interface Outcome {
  readonly lost: number
  readonly doubled: number
  readonly commits: readonly Waited[]
}

/** Compares the tables with what was sent: in each topic the ids from 0 to `messages`, without it. */
export async function judge(lake: string, topics: number, messages: number): Promise<Outcome> {
  const store = await openLake(lake)
  const tables = (await listTables(store)).filter((table) => !table.endsWith('_quarantine'))
  const engine = await openDuckDB({ files: filesOf(store) })
  const commits: Waited[] = []
  let [rows, ids] = [0, 0]
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
    commits.push(...(await waitedIn({ store, path })))
  }
  engine.close()
  return { lost: topics * messages - ids, doubled: rows - ids, commits }
}

async function waitedIn(table: Parameters<typeof commitVersions>[0]): Promise<Waited[]> {
  const found: Waited[] = []
  for await (const { actions } of readCommits(table, await commitVersions(table, 0))) {
    const at = Number(actions?.commitInfo?.timestamp)
    if (actions?.commitInfo?.operation !== 'STREAMING UPDATE') continue
    const first = actions.add.flatMap(
      ({ stats }) => /"minValues":\{[^}]*"sent_at":"([^"]+)"/.exec(stats ?? '')?.[1] ?? [],
    )
    if (first.length > 0) found.push({ at, ms: at - Math.min(...first.map((text) => Date.parse(text))) })
  }
  return found
}
