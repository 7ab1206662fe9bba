import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/lake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadQuestions, parseQuestion, postsSql, wholeSql } from '../src/questions.ts'
import { answersOver } from './kit.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures/hand')
const QUESTIONS = join(import.meta.dirname, '../questions')

const engine = await openDuckDB()
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

  it('every file in the folder has been worked out', async () => {
    const files = (await readdir(QUESTIONS)).filter((file) => file !== 'posts.sql')
    expect(Object.keys(EXPECTED).sort()).toEqual(files.map((file) => file.replace('.sql', '')).sort())
  })
})

describe('a question', () => {
  it('as one statement asks the same', async () => {
    const posts = await postsSql()
    for (const question of await loadQuestions()) {
      const [whole, short] = await Promise.all(
        [wholeSql(question, posts), question.sql].map((sql) => connection.runAndReadAll(sql)),
      )
      expect(whole?.getRowsJson()).toEqual(short?.getRowsJson())
    }
  })

  it('names in its chart columns that it has', async () => {
    for (const { id, chart } of await loadQuestions()) {
      const columns = answers[id]?.[0]?.split(' ')
      expect(columns).toEqual(expect.arrayContaining([chart.x, chart.y, ...(chart.series ? [chart.series] : [])]))
    }
  })

  const GOOD =
    '-- title: T\n-- parameter least: 3\n-- chart: bars x=a y=b\nSELECT a, b\nFROM posts WHERE b > $least\nORDER BY a'

  it('has its parameters filled in', () => {
    expect(parseQuestion('q', GOOD)).toMatchObject({
      title: 'T',
      chart: { kind: 'bars', x: 'a', y: 'b' },
      parameters: { least: 3 },
      sql: 'SELECT a, b\nFROM posts WHERE b > 3\nORDER BY a',
      order: 'ORDER BY a',
    })
  })

  it.each([
    ['has no title', '-- title: T\n', ''],
    ['has no chart that we know', 'bars x', 'pie x'],
    ['names a parameter that is not there', '-- parameter least: 3\n', ''],
    ['has a parameter that is no whole number', 'least: 3', 'least: 3; DROP TABLE pin'],
    ['has no order', '\nORDER BY a', ''],
  ])('that %s is refused, and named', (_, part, instead) => {
    expect(() => parseQuestion('q9', GOOD.replace(part, instead))).toThrow(/question q9/)
  })
})
