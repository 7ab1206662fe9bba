import type { DuckDBConnection } from '@duckdb/node-api'
import { joinValues, MillraceError, parseWithLongText } from '@millrace/base'
import { discardStaged, type Snapshot } from '@millrace/delta'
import { type Machine, quoteText } from '@millrace/engine'
import { tableInMemory } from '@millrace/outputs'
import { type Cleaner, type CleanReport, createCleaner, type Dataset } from '@millrace/transform'
import type { Row } from './json-lines.ts'

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

/** Cleans records of a data set as a worker would, and says of each what became of it. */
export interface RecordCleaner {
  together(
    records: readonly (Uint8Array | null)[],
  ): Promise<{ readonly rows: readonly Row[]; readonly report: CleanReport }>
  /** Rows come in any order: only one record at a time says which row is whose, and it takes longer. */
  each(records: readonly (Uint8Array | null)[]): Promise<Outcome[]>
}

export async function openRecordCleaner(
  dataset: Dataset,
  machine: Machine,
  connection: DuckDBConnection,
): Promise<RecordCleaner> {
  const [cleaner, snapshot] = [createCleaner(machine), await tableInMemory(dataset, machine)]
  const together: RecordCleaner['together'] = async (records) =>
    clean({ dataset, cleaner, snapshot, connection }, records)
  return {
    together,
    async each(records) {
      const outcomes: Outcome[] = []
      for (const record of records) outcomes.push(await outcomeOf(together, record))
      return outcomes
    },
  }
}

async function outcomeOf(together: RecordCleaner['together'], record: Uint8Array | null): Promise<Outcome> {
  try {
    const { rows, report } = await together([record])
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

async function clean({ dataset, cleaner, snapshot, connection }: Parts, records: readonly (Uint8Array | null)[]) {
  const nameOf = (_: number, index: number) => `record ${index + 1}`
  const { files, report } = await cleaner.cleanIntoFiles(dataset, [joinValues([...records])], { snapshot }, nameOf)
  const paths = files.map(({ localPath }) => quoteText(localPath)).join(', ')
  const sql = `SELECT CAST(to_json(rows) AS VARCHAR) FROM read_parquet([${paths}]) rows`
  const rows = files.length === 0 ? [] : (await connection.runAndReadAll(sql)).getRows()
  await Promise.all(files.map(discardStaged))
  return { rows: rows.map(([row]) => parseWithLongText(String(row)) as Row), report }
}
