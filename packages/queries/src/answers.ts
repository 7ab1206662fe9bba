import { type DuckDBConnection, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName, runBeside } from '@millrace/lake'
import { loadQuestions, postsSql, type Question } from './questions.ts'
import { jsonValue } from './sql/json.ts'

/** A column of an answer, its type as Delta calls it. */
export interface AnswerColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'long' | 'double'
}

export interface AnswerRows {
  readonly columns: readonly AnswerColumn[]
  /** Texts and numbers, in the question's own order. */
  readonly rows: readonly (readonly unknown[])[]
}

export interface Answer extends AnswerRows {
  readonly question: Question
}

/** Where questions are asked: the tables `pin`, `geo` and `"user"` are there by name. */
export interface QuestionEngine {
  /** Makes what `posts` selects known by that name, for as long as the engine is used. */
  providePosts(sql: string): Promise<void>
  query(sql: string): Promise<AnswerRows>
}

/** Asks every question, one after the other. */
export async function answerQuestions(engine: QuestionEngine): Promise<Answer[]> {
  await engine.providePosts(await postsSql())
  const answers: Answer[] = []
  for (const question of await loadQuestions()) answers.push({ question, ...(await engine.query(question.sql)) })
  return answers
}

/** The tables that the questions are asked of, each as a SELECT. */
export type QuestionTables = Readonly<Record<'pin' | 'geo' | 'user', string>>

/** DuckDB as a place for questions; what it needs of the tables it reads once. */
export async function duckdbQuestions(connection: DuckDBConnection, tables: QuestionTables): Promise<QuestionEngine> {
  for (const [name, sql] of Object.entries(tables)) {
    await connection.run(`CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS ${sql}`)
  }
  return {
    providePosts: async (sql) => void (await runBeside(connection, `CREATE OR REPLACE TEMP TABLE posts AS ${sql}`)),
    query: (sql) => readAnswer(connection, sql),
  }
}

export async function readAnswer(connection: DuckDBConnection, sql: string): Promise<AnswerRows> {
  const reader = await runBeside(connection, sql)
  const types = reader.columnTypes()
  const columns = reader.columnNames().map((name, i) => ({ name, type: answerType(name, types[i]) }))
  const rows = reader.getRowsJson().map((row) => row.map((value, i) => answerValue(value, types[i])))
  return { columns, rows }
}

function answerType(name: string, type: DuckDBType | undefined): AnswerColumn['type'] {
  switch (type?.typeId) {
    case DuckDBTypeId.VARCHAR:
      return 'string'
    case DuckDBTypeId.INTEGER:
      return 'integer'
    case DuckDBTypeId.BIGINT:
      return 'long'
    case DuckDBTypeId.DOUBLE:
      return 'double'
    default:
      throw new MillraceError('QUERY_FAILED', `an answer's column ${name} has the type ${type}, which none may have`)
  }
}

function answerValue(value: Parameters<typeof jsonValue>[0], type: DuckDBType | undefined): unknown {
  return type === undefined ? value : jsonValue(value, type)
}
