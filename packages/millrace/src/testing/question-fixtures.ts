import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError, parseWithLongText, systemRuntime } from '@millrace/base'
import { duckdbType } from '@millrace/delta'
import { type Machine, openMachine, quoteName, quoteText } from '@millrace/engine'
import { duckdbQuestions, loadQuestions, type Questions, tablesOf } from '@millrace/queries'
import { type Dataset, datasetNames, loadDataset } from '@millrace/transform'
import { compareRows, isSameRow } from './compare.ts'
import { jsonLines, type Row, readJsonLines } from './json-lines.ts'
import { pairRows } from './pair-rows.ts'
import type { Difference, TestResult } from './result.ts'

export interface QuestionTests {
  readonly questionFolders: readonly string[]
  readonly datasetFolders: readonly string[]
  readonly update: boolean
  /** Whether this question or view is to be tested. */
  isWanted(name: string): boolean
}

/** A folder of fixtures: TABLE.jsonl has rows of a table, QUESTION.answer.jsonl what is to come of them. */
interface Case {
  readonly name: string
  readonly folder: string
  readonly files: readonly string[]
}

const ANSWER = '.answer.jsonl'

/** Runs the fixtures of questions and views, which are in `fixtures` of each question folder, a folder each. */
export async function testQuestions(tests: QuestionTests): Promise<TestResult[]> {
  const cases = (await Promise.all(tests.questionFolders.map(casesIn))).flat()
  if (cases.length === 0) return []
  const questions = await loadQuestions(tests.questionFolders)
  const results: TestResult[] = []
  await using machine = await openMachine(
    systemRuntime,
    tests.questionFolders.map((folder) => resolve(folder)),
  )
  for (const each of cases) results.push(...(await runCase(each, questions, tests, machine)))
  return results
}

async function casesIn(folder: string): Promise<Case[]> {
  const home = join(folder, 'fixtures')
  const entries = await readdir(home, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(
    names.sort().map(async (name) => ({ name, folder: join(home, name), files: await readdir(join(home, name)) })),
  )
}

async function runCase(of: Case, questions: Questions, tests: QuestionTests, machine: Machine): Promise<TestResult[]> {
  const given = of.files.filter((file) => file.endsWith('.jsonl') && !file.endsWith(ANSWER))
  const tables = given.map((file) => file.slice(0, -'.jsonl'.length))
  const answers = of.files.filter((file) => file.endsWith(ANSWER)).map((file) => file.slice(0, -ANSWER.length))
  const known = [...questions.questions.map(({ id }) => id), ...questions.views.map(({ name }) => name)]
  const asked = known.filter((name) => {
    if (answers.includes(name)) return true
    return tests.update && tablesFor(name, questions).every((table) => tables.includes(table))
  })
  const strangers = answers.filter((name) => !known.includes(name))
  const results: TestResult[] = strangers.map((name) => ({
    ...resultOf(name, of, questions),
    problem: `there is no question or view ${name}; there are: ${known.join(', ') || 'none'}`,
  }))
  for (const name of asked.filter(tests.isWanted)) {
    results.push(
      await orProblem(resultOf(name, of, questions), () => runOne(name, of, tables, questions, tests, machine)),
    )
  }
  return results
}

function resultOf(name: string, of: Case, { views }: Questions) {
  const kind = views.some((view) => view.name === name) ? 'view' : 'question'
  return { kind, name, fixture: of.name, records: 0, differences: [] } as const
}

async function orProblem(result: TestResult, run: () => Promise<TestResult>): Promise<TestResult> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { ...result, problem: error.message.replace(/^LINE (\d+): /m, `${result.name}.sql, line $1: `) }
  }
}

function tablesFor(name: string, { questions, views }: Questions): readonly string[] {
  const view = views.find((each) => each.name === name)
  const question = questions.find(({ id }) => id === name)
  return view?.reads ?? (question ? tablesOf(question, views) : [])
}

async function runOne(
  name: string,
  of: Case,
  tables: readonly string[],
  questions: Questions,
  { datasetFolders, update }: QuestionTests,
  machine: Machine,
): Promise<TestResult> {
  const connection = await machine.engine.connect()
  try {
    const read = [...new Set([...tablesFor(name, questions), ...tables])]
    const filled = await Promise.all(read.map((table) => openFixtureTable(table, of, tables, datasetFolders)))
    const got = await answerOf(
      name,
      questions,
      connection,
      Object.fromEntries(filled.map(({ table, sql }) => [table, sql])),
    )
    const file = `${name}${ANSWER}`
    const expected = of.files.includes(file)
      ? await readJsonLines(join(of.folder, file), `${of.name}/${file}`)
      : undefined
    const isOrdered = questions.questions.some(({ id }) => id === name)
    const differences = expected ? differencesIn(expected, got, isOrdered) : []
    const result = { ...resultOf(name, of, questions), records: filled.reduce((sum, { rows }) => sum + rows, 0) }
    if (!update || (expected && differences.length === 0)) return { ...result, differences }
    await writeFile(join(of.folder, file), jsonLines(got))
    return { ...result, updated: true }
  } finally {
    connection.closeSync()
  }
}

/** Returns a SELECT of the rows that the fixture has of a table, or of none. */
async function openFixtureTable(table: string, of: Case, tables: readonly string[], datasetFolders: readonly string[]) {
  const file = `${table}.jsonl`
  const names = await datasetNames(datasetFolders)
  if (!names.includes(table)) {
    throw new MillraceError('DATASET_UNKNOWN', `${of.name}/${file}: there is no data set ${table}`, {
      next: `Data sets are ${names.join(', ')}.`,
    })
  }
  const { schema } = await orBroken(table, loadDataset(table, datasetFolders))
  const columns = schema.fields.map(({ name, type }) => ({ name, type: duckdbType(type) }))
  if (!tables.includes(table)) {
    const values = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteName(name)}`)
    return { table, rows: 0, sql: `SELECT ${values.join(', ')} WHERE false` }
  }
  const rows = await readJsonLines(join(of.folder, file), `${of.name}/${file}`)
  for (const [i, row] of rows.entries()) refuseStrangers(row, schema, `${of.name}/${file}, line ${i + 1}`)
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`)
  const path = quoteText(resolve(of.folder, file))
  const sql = `SELECT * FROM read_json(${path}, format = 'newline_delimited', columns = {${types.join(', ')}})`
  return { table, rows: rows.length, sql }
}

/** What is wrong with the data set is said where it is tested itself. */
async function orBroken(table: string, loading: Promise<Dataset>): Promise<Dataset> {
  return loading.catch((cause: unknown) => {
    throw new MillraceError('DATASET_INVALID', `the data set ${table} is broken: millrace test ${table}`, { cause })
  })
}

function refuseStrangers(row: Row, { fields }: Dataset['schema'], where: string): void {
  const stranger = Object.keys(row).find((column) => fields.every(({ name }) => name !== column))
  if (stranger === undefined) return
  const names = fields.map(({ name }) => name).join(', ')
  throw new MillraceError('DATASET_INVALID', `${where}: there is no column ${stranger}; there are ${names}`)
}

/** Returns the rows as JSON has them. */
async function answerOf(
  name: string,
  { questions, views }: Questions,
  connection: DuckDBConnection,
  tables: Readonly<Record<string, string>>,
): Promise<Row[]> {
  await using engine = await duckdbQuestions([connection], tables)
  const question = questions.find(({ id }) => id === name)
  for (const view of views.filter((each) => each.name === name || question?.reads.includes(each.name))) {
    await engine.createView(view.name, view.sql)
  }
  if (question === undefined) {
    const sql = `SELECT CAST(to_json(millrace_row) AS VARCHAR) FROM ${quoteName(name)} millrace_row`
    const rows = (await connection.runAndReadAll(sql)).getRows()
    return rows.map(([row]) => parseWithLongText(String(row)) as Row)
  }
  const { columns, rows } = await engine.query(question.sql)
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column.name, row[i]])))
}

/** The rows of a view come in any order. */
function differencesIn(expected: readonly Row[], got: readonly Row[], isOrdered: boolean): Difference[] {
  const inOrder = (rows: readonly Row[]) =>
    isOrdered ? rows : rows.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
  const came = inOrder(got).map((row, i) => ({ row, number: i + 1 }))
  return pairRows(inOrder(expected), came, (row, other) => isSameRow(row, other.row)).flatMap((pair) => {
    if (pair.expected && pair.got) return compareRows(pair.expected, pair.got.row, { record: pair.got.number })
    if (pair.got) return [{ record: pair.got.number, expected: 'no row', got: textOf(pair.got.row) }]
    return pair.expected ? [{ expected: textOf(pair.expected), got: 'there is no such row' }] : []
  })
}

function textOf(row: Row): string {
  return JSON.stringify(row)
}
