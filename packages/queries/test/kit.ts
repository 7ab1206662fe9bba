import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteText } from '@millrace/engine'
import { PINTEREST } from '@millrace/testkit'
import { type Answer, answerQuestions, duckdbQuestions, loadQuestions } from '../src/index.ts'

const COLUMNS = {
  pin: "{ind: 'INTEGER', category: 'VARCHAR', poster_name: 'VARCHAR', follower_count: 'INTEGER'}",
  geo: "{ind: 'INTEGER', country: 'VARCHAR', timestamp: 'VARCHAR'}",
  user: "{ind: 'INTEGER', user_name: 'VARCHAR', age: 'INTEGER', date_joined: 'VARCHAR'}",
}

/** The answers over files of JSON lines with clean rows, by the question's id: objects, as people get them. */
export async function answersOver(
  connection: DuckDBConnection,
  files: Readonly<Record<keyof typeof COLUMNS, string>>,
): Promise<Readonly<Record<string, readonly Record<string, unknown>[]>>> {
  const answers = await askOver(connection, files)
  return Object.fromEntries(answers.map((answer) => [answer.question.id, asObjects(answer)]))
}

/** The answers as they are kept. */
export async function askOver(
  connection: DuckDBConnection,
  files: Readonly<Record<keyof typeof COLUMNS, string>>,
): Promise<Answer[]> {
  const read = (name: keyof typeof COLUMNS, time: string) => {
    const moment = time === '' ? '' : ` REPLACE (CAST(replace(${time}, '+0000', 'Z') AS TIMESTAMPTZ) AS ${time})`
    return `SELECT *${moment} FROM read_json(${quoteText(files[name])}, columns = ${COLUMNS[name]})`
  }
  const tables = { pin: read('pin', ''), geo: read('geo', '"timestamp"'), user: read('user', 'date_joined') }
  return answerQuestions(await duckdbQuestions([connection], tables), await loadQuestions([PINTEREST.questions]))
}

function asObjects({ columns, rows }: Answer): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
}
