import { type AddFile, commit, committedOrThrow, openOrCreate, stageRows, uploadAll } from '@millrace/delta'
import { quoteText } from '@millrace/engine'
import { RUNS_SCHEMA, RUNS_TABLE, type RunRecord } from '@millrace/queries'
import type { RunParts } from './parts.ts'
import { runTxn } from './tables/clean-table.ts'

/** Writes the row that marks the run as finished. It is the last write of a run and happens exactly once. */
export async function finishRun(record: RunRecord, { lake, engine, workFolder, runtime }: RunParts): Promise<void> {
  const snapshot = await openOrCreate({ store: lake, path: RUNS_TABLE }, { schema: RUNS_SCHEMA }, runtime)
  if ((snapshot.txns.get(runTxn(record)) ?? 0n) >= BigInt(record.attempt)) return
  const connection = await engine.connect()
  try {
    const files = await stageRows(connection, rowSql(record), snapshot, workFolder, runtime)
    await uploadAll(snapshot.table, files)
    const add: AddFile[] = files.map((file) => file.add)
    const txn = [{ appId: runTxn(record), version: BigInt(record.attempt), lastUpdated: runtime.now() }]
    const transaction = { operation: 'WRITE', parameters: { mode: 'Append', run: record.date }, add, txn }
    committedOrThrow(await commit(snapshot, transaction, runtime))
  } finally {
    connection.closeSync()
  }
}

function rowSql({ date, attempt, started, finished, source, versions, tables, steps }: RunRecord): string {
  const moment = (time: number) => `epoch_ms(${time})::TIMESTAMP AT TIME ZONE 'UTC'`
  const total = (count: 'records' | 'rows' | 'rejected') => tables.reduce((sum, table) => sum + table[count], 0)
  const [json, details] = [JSON.stringify(versions), JSON.stringify({ tables, steps })]
  return `SELECT ${quoteText(date)} AS run_date, ${attempt} AS attempt, ${moment(started)} AS started_at,
    ${moment(finished)} AS finished_at, ${quoteText(source)} AS source, ${total('records')} AS records,
    ${total('rows')} AS rows, ${total('rejected')} AS rejected, ${quoteText(json)} AS versions, ${quoteText(details)} AS details`
}
