import { type DuckDBConnection, DuckDBDecimalType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { quoteName, runBeside } from '@millrace/engine'
import { type Question, type Questions, tablesOf } from './questions.ts'
import { jsonValue } from './sql/json.ts'

/** Column of an answer, with Delta's name of its type. */
export interface AnswerColumn {
  readonly name: string
  readonly type:
    | 'string'
    | 'integer'
    | 'long'
    | 'double'
    | 'boolean'
    | 'date'
    | 'timestamp'
    | `decimal(${number},${number})`
}

export interface AnswerRows {
  readonly columns: readonly AnswerColumn[]
  /** Rows in the question's order. Dates, timestamps, decimals and long numbers that are not exact are texts. */
  readonly rows: readonly (readonly unknown[])[]
}

export interface Answer extends AnswerRows {
  readonly question: Question
}

/** Engine that answers questions. It knows the tables of the data sets by name. */
export interface QuestionEngine {
  /** Creates a view that lives as long as the engine. */
  createView(name: string, sql: string): Promise<void>
  query(sql: string): Promise<AnswerRows>
}

/** Asks these questions one after the other. Every table that they need must be there. */
export async function answerQuestions(engine: QuestionEngine, { views, questions }: Questions): Promise<Answer[]> {
  for (const { name, sql } of views) {
    if (questions.some(({ reads }) => reads.includes(name))) await engine.createView(name, sql)
  }
  const answers: Answer[] = []
  for (const question of questions) answers.push({ question, ...(await engine.query(question.sql)) })
  return answers
}

/** Returns the questions that the existing tables can answer, and the names of the tables that the others lack. */
export function answerable(
  { views, questions }: Questions,
  has: (table: string) => boolean,
): { readonly asked: Questions; readonly lacks: readonly string[] } {
  const asked = questions.filter((question) => tablesOf(question, views).every(has))
  const needed = new Set(questions.flatMap((question) => tablesOf(question, views)))
  return { asked: { views, questions: asked }, lacks: [...needed].filter((table) => !has(table)) }
}

/** Tables by name, each as a SELECT. */
export type QuestionTables = Readonly<Record<string, string>>

/** Returns DuckDB as a question engine. Each view is computed once. */
export async function duckdbQuestions(connection: DuckDBConnection, tables: QuestionTables): Promise<QuestionEngine> {
  for (const [name, sql] of Object.entries(tables)) {
    await connection.run(`CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS ${sql}`)
  }
  return {
    async createView(name, sql) {
      await runBeside(connection, `CREATE OR REPLACE TEMP TABLE ${quoteName(name)} AS ${sql}`)
    },
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
    case DuckDBTypeId.BOOLEAN:
      return 'boolean'
    case DuckDBTypeId.DATE:
      return 'date'
    case DuckDBTypeId.TIMESTAMP_TZ:
      return 'timestamp'
    default:
      if (type instanceof DuckDBDecimalType) return `decimal(${type.width},${type.scale})`
      throw new MillraceError(
        'QUERY_FAILED',
        `an answer's column ${name} has the type ${type}, which answers do not support`,
      )
  }
}

function answerValue(value: Parameters<typeof jsonValue>[0], type: DuckDBType | undefined): unknown {
  return type === undefined ? value : jsonValue(value, type)
}
