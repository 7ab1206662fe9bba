import type { DuckDBConnection } from '@duckdb/node-api'
import {
  commit,
  committedOrThrow,
  openOrCreate,
  openScan,
  planScan,
  removalOf,
  type Snapshot,
  type StructType,
  stageRows,
  uploadAll,
} from '@millrace/delta'
import { type Answer, answerQuestions, answerSql, BATCH, duckdbQuestions, type Questions } from '@millrace/queries'
import type { Manifest } from '../manifest.ts'
import type { RunParts } from '../parts.ts'
import { runTxn } from '../tables/clean-table.ts'
import type { AskedTables } from './asked-tables.ts'
import { clusterQuestions } from './on-trino.ts'

export async function askQuestions(
  questions: Questions,
  tables: AskedTables,
  { engine, clusterSchema }: RunParts,
): Promise<Answer[]> {
  if (clusterSchema) return answerQuestions(await clusterQuestions(clusterSchema, tables), questions)
  await using held = new AsyncDisposableStack()
  const connect = async () => held.adopt(await engine.connect(), async (connection) => connection.closeSync())
  // Small questions leave threads idle, while they are planned and while their last rows are sorted.
  const connections = [await connect(), await connect()] as const
  const sql: Record<string, string> = {}
  for (const [name, table] of tables) sql[name] = held.use(await openScan(planScan(table), connections[0])).sql
  return await answerQuestions(held.use(await duckdbQuestions(connections, sql)), questions)
}

/** Overwrites each answer's table with this answer. Older answers stay in the table's history. */
export async function writeAnswerTables(
  answers: readonly Answer[],
  manifest: Manifest,
  parts: RunParts,
): Promise<Snapshot[]> {
  return Promise.all(
    answers.map(async (answer) => {
      const connection = await parts.engine.connect()
      try {
        return await writeAnswerTable(answer, manifest, connection, parts)
      } finally {
        connection.closeSync()
      }
    }),
  )
}

async function writeAnswerTable(
  answer: Answer,
  manifest: Manifest,
  connection: DuckDBConnection,
  { lake, workFolder, runtime }: RunParts,
): Promise<Snapshot> {
  const { id, title } = answer.question
  const table = { store: lake, path: `${BATCH}/${id}` }
  const snapshot = await openOrCreate(table, { schema: schemaOf(answer), description: title }, runtime)
  const files = await stageRows(connection, answerSql(answer), snapshot, workFolder, runtime)
  await uploadAll(table, files)
  const now = runtime.now()
  const transaction = {
    operation: 'WRITE',
    parameters: { mode: 'Overwrite', run: manifest.date },
    add: files.map(({ add }) => add),
    remove: [...snapshot.files.values()].map((file) => removalOf(file, now)),
    txn: [{ appId: runTxn(manifest), version: BigInt(manifest.attempt), lastUpdated: now }],
  }
  return committedOrThrow(await commit(snapshot, transaction, runtime))
}

function schemaOf({ columns }: Answer): StructType {
  return { type: 'struct', fields: columns.map(({ name, type }) => ({ name, type, nullable: true, metadata: {} })) }
}
