import { openDuckDB } from '@millrace/engine'
import { afterAll, expect, it } from 'vitest'
import { answerQuestions, duckdbQuestions } from '../src/index.ts'
import { parseQuestion } from '../src/questions.ts'

const engine = await openDuckDB({ files: [] })
afterAll(() => engine.close())

const connections = [await engine.connect(), await engine.connect()] as const
const tables = { numbers: 'SELECT range AS n FROM range(10)' }
const views = [{ name: 'squares', reads: ['numbers'], sql: 'SELECT n * n AS square FROM numbers' }]

function question(id: string, reads: string, sql: string) {
  const chart = { kind: 'bars', x: 'n', y: 'n' }
  return parseQuestion(id, { title: id, chart, parameters: {}, reads: [reads] }, `${sql}\nORDER BY 1`)
}

it('questions see tables and views on each connection, and answers come in the order of the questions', async () => {
  const questions = [1, 2, 3, 4, 5, 6].map((most) =>
    most % 2 === 0
      ? question(`q${most}`, 'numbers', `SELECT count(*) AS n FROM numbers WHERE n < ${most}`)
      : question(`q${most}`, 'squares', `SELECT max(square) AS n FROM squares WHERE square <= ${most * most}`),
  )
  await using asked = await duckdbQuestions(connections, tables)
  const answers = await answerQuestions(asked, { views, questions })
  expect(answers.map(({ question, rows }) => [question.id, rows[0]?.[0]])).toEqual([
    ['q1', 1],
    ['q2', 2],
    ['q3', 9],
    ['q4', 4],
    ['q5', 25],
    ['q6', 6],
  ])
})

it('a question that fails ends the asking when no other is under way, and leaves nothing in the engine', async () => {
  const questions = [
    question('bad', 'squares', `SELECT error('no answer') AS n FROM squares`),
    question('good', 'squares', 'SELECT square AS n FROM squares'),
  ]
  const ask = async () => {
    await using asked = await duckdbQuestions(connections, tables)
    await answerQuestions(asked, { views, questions })
  }
  await expect(ask()).rejects.toThrow('no answer')
  const left = await connections[1].runAndReadAll('SELECT count(*) FROM duckdb_tables()')
  expect(left.getRows()).toEqual([[0n]])
})
