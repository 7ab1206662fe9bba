import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError, parseWithLongText } from '@millrace/base'
import { discardStaged, type Snapshot } from '@millrace/delta'
import { type Machine, quoteText } from '@millrace/engine'
import { changesInMemory, tableInMemory } from '@millrace/outputs'
import { type Cleaner, type CleanReport, createCleaner, type Dataset } from '@millrace/transform'
import type { Row } from './json-lines.ts'
import { blockOf, type Message } from './messages.ts'

/** What became of one record. */
export interface Outcome {
  /** The clean row, if the record gave one that no expectation drops. */
  readonly row?: Row
  /** Why the record was rejected. */
  readonly rejected?: string
  /** The expectations that its row does not hold. */
  readonly failed: readonly string[]
  /** Fields that the data set does not know. */
  readonly unknown: readonly string[]
}

/** Cleans messages of a data set as a worker would, and says of each record what became of it. */
export interface RecordCleaner {
  together(messages: readonly Message[]): Promise<{ readonly rows: readonly Row[]; readonly report: CleanReport }>
  /** Rows come in any order: only one record at a time says which row is whose, and it takes longer. */
  each(messages: readonly Message[]): Promise<Outcome[]>
}

export async function openRecordCleaner(
  dataset: Dataset,
  machine: Machine,
  connection: DuckDBConnection,
): Promise<RecordCleaner> {
  const snapshot = await (dataset.keyed ? changesInMemory : tableInMemory)(dataset, machine)
  const cleaner = createCleaner(machine)
  const together: RecordCleaner['together'] = async (messages) =>
    clean({ dataset, cleaner, snapshot, connection }, messages)
  return {
    together,
    async each(messages) {
      const outcomes: Outcome[] = []
      for (const message of messages) outcomes.push(await outcomeOf(together, message))
      return outcomes
    },
  }
}

async function outcomeOf(together: RecordCleaner['together'], message: Message): Promise<Outcome> {
  try {
    const { rows, report } = await together([message])
    const failed = [...report.failed].flatMap(([name, count]) => (count > 0 ? [name] : []))
    const [row, rejection] = [rows[0], report.rejected[0]]
    return {
      ...(row && { row }),
      ...(rejection && { rejected: rejection.reason }),
      failed,
      unknown: [...report.unknown.names.keys()],
    }
  } catch (error) {
    // An expectation that says stop: a worker would end here.
    const stopped = error instanceof MillraceError && error.code === 'RECORD_INVALID'
    if (!stopped) throw error
    const name = /expectation (.*) failed, which says stop$/.exec(error.message)?.[1]
    return { rejected: `expectation ${name} failed, which says stop`, failed: name ? [name] : [], unknown: [] }
  }
}

interface Parts {
  readonly dataset: Dataset
  readonly cleaner: Cleaner
  readonly snapshot: Snapshot
  readonly connection: DuckDBConnection
}

async function clean({ dataset, cleaner, snapshot, connection }: Parts, messages: readonly Message[]) {
  const nameOf = (_: number, index: number) => `record ${index + 1}`
  const { files, report } = await cleaner.cleanIntoFiles(dataset, [blockOf(messages)], { snapshot }, nameOf)
  const paths = files.map(({ localPath }) => quoteText(localPath)).join(', ')
  const sql = `SELECT CAST(to_json(rows) AS VARCHAR) FROM read_parquet([${paths}]) rows`
  const rows = files.length === 0 ? [] : (await connection.runAndReadAll(sql)).getRows()
  await Promise.all(files.map(discardStaged))
  return { rows: rows.map(([row]) => shownRow(parseWithLongText(String(row)) as Row)), report }
}

/** Shows of a change whether it deletes its row or all rows, not its index in the batch. */
function shownRow({ millrace_order: _, millrace_deleted: deletes, millrace_truncated: all, ...row }: Row): Row {
  if (all === true) return { ...row, millrace_truncated: true }
  return deletes === true ? { ...row, millrace_deleted: true } : row
}
