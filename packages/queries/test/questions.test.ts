import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { PINTEREST, temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadQuestions, type Question, tablesOf } from '../src/index.ts'
import { parseQuestion, wholeSql } from '../src/questions.ts'
import { answersOver } from './kit.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures/hand')
const { views, questions } = await loadQuestions([PINTEREST.questions])

const engine = await openDuckDB({ files: 'all' })
const connection = await engine.connect()
afterAll(() => engine.close())

/** Rows as texts, the columns' names first: how a person reads them. */
type Readable = readonly string[]

let answers: Readonly<Record<string, Readable>>
beforeAll(async () => {
  const file = (name: string) => join(FIXTURES, `${name}.jsonl`)
  const found = await answersOver(connection, { pin: file('pin'), geo: file('geo'), user: file('user') })
  answers = Object.fromEntries(
    Object.entries(found).map(([id, rows]) => [
      id,
      [Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].map((row) => row.join(' ')),
    ]),
  )
})

/**
 * Thirty posts, worked out by hand, six of them there twice. Ages 18, 24, 25, 35, 36, 50 and 51 are at the edges
 * of their groups; moments at the edges of their years; categories, countries, counts, ages and dates are missing.
 */
const EXPECTED: Readonly<Record<string, Readable>> = {
  q1: [
    'country category category_count',
    'Atlantis art 3',
    'Atlantis travel 3',
    'Bern art 2',
    'Bern finance 2',
    'Cadiz beauty 2',
    'Delft vehicles 3',
    'Elba art 2',
    'Elba travel 2',
    'Fes art 2',
  ],
  q2: [
    'post_year category category_count',
    '2018 art 3',
    '2019 travel 3',
    '2020 art 2',
    '2020 finance 2',
    '2021 quotes 3',
    '2022 art 3',
  ],
  q2_all: [
    'post_year category category_count',
    '2018 art 3',
    '2019 travel 3',
    '2020 art 2',
    '2020 finance 2',
    '2021 quotes 3',
    '2021 beauty 2',
    '2022 art 3',
    '2022 travel 2',
    '2022 vehicles 2',
    '2022 home-decor 1',
    '2022 quotes 1',
    '2022 tattoos 1',
  ],
  q3a: [
    'country poster_name follower_count',
    'Atlantis Bob 9000',
    'Atlantis Cid 9000',
    'Bern Gus 700',
    'Bern Hal 700',
    'Delft Ned 9000',
    'Elba Uma 70',
    'Fes Val 0',
    'Fes Wes 0',
    'Fes Xia 0',
  ],
  q3b: ['country follower_count', 'Atlantis 9000', 'Delft 9000'],
  q4: [
    'age_group category category_count',
    '18-24 art 3',
    '25-35 quotes 3',
    '36-50 art 2',
    '36-50 travel 2',
    '36-50 vehicles 2',
    '50+ travel 2',
  ],
  q5: ['age_group median_follower_count', '18-24 550', '25-35 70000', '36-50 450', '50+ 65'],
  q6: ['post_year number_users_joined', '2015 6', '2016 8', '2017 6', '2018 4', '2019 1', '2020 1'],
  q7: ['post_year median_follower_count', '2015 500', '2016 9000', '2017 600', '2018 60', '2019 10', '2020 9000'],
  q8: [
    'age_group post_year median_follower_count',
    '18-24 2015 5000',
    '18-24 2017 100',
    '25-35 2016 70000',
    '36-50 2015 0',
    '36-50 2016 200',
    '36-50 2017 700',
    '36-50 2018 9000',
    '36-50 2019 10',
    '36-50 2020 9000',
    '50+ 2017 600',
    '50+ 2018 60',
  ],
}

describe('thirty posts, worked out by hand', () => {
  it.each(Object.keys(EXPECTED))('%s', (id) => {
    expect(answers[id]).toEqual(EXPECTED[id])
  })

  it('every question of the folder has been worked out', () => {
    expect(questions.map(({ id }) => id)).toEqual(Object.keys(EXPECTED).sort())
  })
})

describe('a question', () => {
  it('as one statement asks the same', async () => {
    for (const question of questions) {
      const [whole, short] = await Promise.all(
        [wholeSql(question, views), question.sql].map((sql) => connection.runAndReadAll(sql)),
      )
      expect(whole?.getRowsJson()).toEqual(short?.getRowsJson())
    }
  })

  it('names in its chart columns that it has', () => {
    for (const { id, chart } of questions) {
      const columns = answers[id]?.[0]?.split(' ')
      expect(columns).toEqual(expect.arrayContaining([chart.x, chart.y, ...(chart.series ? [chart.series] : [])]))
    }
  })

  const GOOD = { title: 'T', chart: { kind: 'bars', x: 'a', y: 'b' }, parameters: { least: 3 }, reads: ['orders'] }
  const SQL = 'SELECT a, b\nFROM orders WHERE b > $least\nORDER BY a'

  it('has its parameters filled in', () => {
    expect(parseQuestion('q', GOOD, SQL)).toEqual({
      ...GOOD,
      id: 'q',
      sql: 'SELECT a, b\nFROM orders WHERE b > 3\nORDER BY a',
      order: 'ORDER BY a',
    })
  })

  it.each([
    ['has no title', { title: undefined }],
    ['has no chart that we know', { chart: { ...GOOD.chart, kind: 'pie' } }],
    ['names a parameter that is not there', { parameters: {} }],
    ['has a parameter that is no whole number', { parameters: { least: '3; DROP TABLE orders' } }],
    ['reads nothing', { reads: [] }],
    ['has a member that we do not know', { reeds: ['orders'] }],
  ])('that %s is refused, and named', (_, change) => {
    expect(() => parseQuestion('q9', { ...GOOD, ...change }, SQL)).toThrow(/question q9/)
  })

  it('that has no order is refused, and named', () => {
    expect(() => parseQuestion('q9', GOOD, SQL.replace('\nORDER BY a', ''))).toThrow(/question q9/)
  })
})

describe('question folders', () => {
  const write = async (files: Readonly<Record<string, string>>) => {
    const folder = await temporaryFolder()
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    return folder
  }
  const described = (title: string) =>
    JSON.stringify({ title, chart: { kind: 'bars', x: 'a', y: 'b' }, reads: ['large'] })
  const sql = 'SELECT a, b FROM large\nORDER BY a'

  it("of one's own go before others; a view is shared by the questions that read it", async () => {
    const own = await write({
      'q1.sql': sql,
      'q1.json': described('mine'),
      'large.sql': 'FROM orders WHERE a > 9',
      'large.json': JSON.stringify({ view: 'Large orders', reads: ['orders'] }),
    })
    const other = await write({
      'q1.sql': sql,
      'q1.json': described('theirs'),
      'q2.sql': sql,
      'q2.json': described('two'),
    })
    const found = await loadQuestions([own, other])
    expect(found.questions.map(({ title }) => title)).toEqual(['mine', 'two'])
    expect(found.questions.map((question) => tablesOf(question, found.views))).toEqual([['orders'], ['orders']])
    expect(wholeSql(found.questions[0] as Question, found.views)).toBe(
      'WITH large AS (\nFROM orders WHERE a > 9\n)\nSELECT a, b FROM large\nORDER BY a',
    )
  })

  it('that are not there, or hold half a question, are refused by name', async () => {
    await expect(loadQuestions(['/no/such/folder'])).rejects.toThrow(/\/no\/such\/folder/)
    await expect(loadQuestions([await write({ 'q1.sql': sql })])).rejects.toThrow(/q1\.json/)
  })
})
