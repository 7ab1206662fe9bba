import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { temporaryFolder } from '@millrace/testkit'
import { tableFromIPC } from 'apache-arrow'
import { afterAll, expect, it } from 'vitest'
import { readAnswer } from '../src/answers.ts'
import { type Answer, writeAnswerFiles } from '../src/index.ts'
import { parseQuestion } from '../src/questions.ts'

const engine = await openDuckDB({ files: 'all' })
afterAll(() => engine.close())

const question = parseQuestion(
  'q9',
  { title: 'T', chart: { kind: 'bars', x: 'word', y: 'share' }, reads: ['words'] },
  'SELECT 1\nORDER BY word',
)

const COLUMNS = [
  { name: 'word', type: 'string' },
  { name: 'year', type: 'integer' },
  { name: 'count', type: 'long' },
  { name: 'share', type: 'double' },
] as const

async function written(rows: Answer['rows']): Promise<{ folder: string; read: (file: string) => Promise<unknown[]> }> {
  const folder = await temporaryFolder()
  const connection = await engine.connect()
  await writeAnswerFiles({ question, columns: COLUMNS, rows }, folder, connection)
  const read = async (file: string) => (await connection.runAndReadAll(`FROM '${join(folder, file)}'`)).getRows()
  return { folder, read }
}

const ROWS = [
  [`it's, "so"`, 2018, 9007199254740993n.toString(), 59500.5],
  ['öß\nNULL', 2019, 2, null],
]

it('is the same in every format', async () => {
  const { folder, read } = await written(ROWS)
  const exact = [
    [`it's, "so"`, 2018, 9007199254740993n, 59500.5],
    ['öß\nNULL', 2019, 2n, null],
  ]
  expect(await read('q9.parquet')).toEqual(exact)
  expect(await read('q9.csv')).toEqual(exact.map(([word, year, ...rest]) => [word, BigInt(Number(year)), ...rest]))
  expect(JSON.parse(await readFile(join(folder, 'q9.json'), 'utf8'))).toEqual([
    { word: `it's, "so"`, year: 2018, count: '9007199254740993', share: 59500.5 },
    { word: 'öß\nNULL', year: 2019, count: 2, share: null },
  ])
  const arrow = tableFromIPC(await readFile(join(folder, 'q9.arrow')))
  expect(arrow.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'word Utf8',
    'year Int32',
    'count Int64',
    'share Float64',
  ])
  expect(arrow.toArray().map((row) => Object.values(row?.toJSON() ?? {}))).toEqual(exact)
})

it('keeps booleans, dates, times and decimals as what they are, in every format', async () => {
  const connection = await engine.connect()
  const answer = await readAnswer(
    connection,
    "SELECT true AS word, DATE '2026-01-02' AS day, TIMESTAMPTZ '2026-01-02 03:04:05.5+00' AS at, 12.50::DECIMAL(9, 2) AS price",
  )
  expect(answer).toEqual({
    columns: [
      { name: 'word', type: 'boolean' },
      { name: 'day', type: 'date' },
      { name: 'at', type: 'timestamp' },
      { name: 'price', type: 'decimal(9,2)' },
    ],
    rows: [[true, '2026-01-02', '2026-01-02T03:04:05.5Z', '12.50']],
  })
  const folder = await temporaryFolder()
  await writeAnswerFiles({ question, ...answer }, folder, connection)
  const read = async (file: string) => (await readAnswer(connection, `FROM '${join(folder, file)}'`)).columns
  expect(await read('q9.parquet')).toEqual(answer.columns)
  expect((await readAnswer(connection, `FROM '${join(folder, 'q9.parquet')}'`)).rows).toEqual(answer.rows)
  expect(JSON.parse(await readFile(join(folder, 'q9.json'), 'utf8'))).toEqual([
    { word: true, day: '2026-01-02', at: '2026-01-02T03:04:05.5Z', price: '12.50' },
  ])
  const arrow = tableFromIPC(await readFile(join(folder, 'q9.arrow')))
  expect(arrow.schema.fields.map(({ type }) => `${type}`)).toEqual([
    'Bool',
    'Date32<DAY>',
    'Timestamp<MICROSECOND, UTC>',
    'Decimal[9e+2]',
  ])
})

it('keeps a NUL character in a value, in every format', async () => {
  const { folder, read } = await written([['a\0b', 2018, 1, 0.5]])
  expect(await read('q9.parquet')).toEqual([['a\0b', 2018, 1n, 0.5]])
  expect(await read('q9.csv')).toEqual([['a\0b', 2018n, 1n, 0.5]])
  expect(JSON.parse(await readFile(join(folder, 'q9.json'), 'utf8'))).toMatchObject([{ word: 'a\0b' }])
  expect(tableFromIPC(await readFile(join(folder, 'q9.arrow'))).get(0)?.word).toBe('a\0b')
})

it('without a row still has its columns', async () => {
  const { folder, read } = await written([])
  expect(await read('q9.parquet')).toEqual([])
  expect(await readFile(join(folder, 'q9.csv'), 'utf8')).toBe('word,year,count,share\n')
  expect(tableFromIPC(await readFile(join(folder, 'q9.arrow'))).schema.fields).toHaveLength(4)
  expect(await readFile(join(folder, 'q9.json'), 'utf8')).toBe('[]\n')
})

it('is for its owner only', async () => {
  const { folder } = await written(ROWS)
  const files = await readdir(folder)
  expect(files.length).toBe(4)
  for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
})
