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

/**
 * Engine that answers questions. It knows the tables of the data sets by name, and runs as many statements at the same
 * time as is good for it.
 */
export interface QuestionEngine {
  /** Creates a view that lives as long as the engine. */
  createView(name: string, sql: string): Promise<void>
  query(sql: string): Promise<AnswerRows>
}

/** Asks each of these questions as soon as the views that it reads are there. Every table that they need must be there. */
export async function answerQuestions(engine: QuestionEngine, { views, questions }: Questions): Promise<Answer[]> {
  const needed = views.filter(({ name }) => questions.some(({ reads }) => reads.includes(name)))
  const made = new Map(needed.map(({ name, sql }) => [name, engine.createView(name, sql)]))
  const answers = questions.map(async (question): Promise<Answer> => {
    await Promise.all(question.reads.map((name) => made.get(name)))
    return { question, ...(await engine.query(question.sql)) }
  })
  try {
    return await Promise.all(answers)
  } finally {
    // Whoever gets an error closes the engine: no question may be under way then.
    await Promise.allSettled(answers)
  }
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

/** Number of question engines, by which their schemas are named. */
let engines = 0

/**
 * Returns DuckDB as a question engine, which runs a statement at a time on each of these connections to one engine.
 * Tables and views are in a schema that all of them see. Each view is computed once.
 */
export async function duckdbQuestions(
  connections: readonly [DuckDBConnection, ...DuckDBConnection[]],
  tables: QuestionTables,
): Promise<QuestionEngine & AsyncDisposable> {
  const [first] = connections
  const schema = `memory.millrace_questions_${++engines}`
  await first.run(`CREATE SCHEMA ${schema}`)
  for (const connection of connections) await connection.run(`USE ${schema}`)
  for (const [name, sql] of Object.entries(tables)) await first.run(`CREATE VIEW ${quoteName(name)} AS ${sql}`)
  const lend = createPool(connections)
  return {
    async createView(name, sql) {
      await lend((connection) => runBeside(connection, `CREATE TABLE ${quoteName(name)} AS ${sql}`))
    },
    query: (sql) => lend((connection) => readAnswer(connection, sql)),
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection.run('USE memory.main')
      await first.run(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
}

/** Returns a function that lends each of these to one borrower at a time. */
function createPool<T>(all: readonly T[]) {
  const free = [...all]
  const waiting: ((one: T) => void)[] = []
  return async <R>(use: (one: T) => Promise<R>): Promise<R> => {
    const one = free.pop() ?? (await new Promise<T>((resolve) => waiting.push(resolve)))
    try {
      return await use(one)
    } finally {
      const next = waiting.shift()
      if (next) next(one)
      else free.push(one)
    }
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
