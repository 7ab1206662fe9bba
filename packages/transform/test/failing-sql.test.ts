import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { systemRuntime } from '@millrace/base'
import { type DuckDB, openDuckDB } from '@millrace/engine'
import { jsonFormat } from '@millrace/formats'
import { type CleanReport, createCleaner, type Dataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { block, createKit, inOrder, type Outcome } from './kit.ts'

const engine = await openDuckDB({ files: 'all' })
const workFolder = await mkdtemp(join(tmpdir(), 'millrace-transform-'))
afterAll(async () => {
  engine.close()
  await rm(workFolder, { recursive: true })
})

const field = (name: string, type: Dataset['fields'][number]['type']) =>
  ({ name, type, aliases: [], shapes: ['YYYY-MM-DD HH:MM:SS'] }) as const
const column = (name: string, type: 'integer' | 'string') => ({ name, type, nullable: true, metadata: {} })

function dataset(sql: string, expectations: Dataset['expectations'] = []): Dataset {
  return {
    ...{ name: 'odd', description: '', format: jsonFormat, metadata: [], sql, expectations },
    fields: [
      field('n', 'integer'),
      field('note', 'text'),
      field('moment', 'timestamp'),
      field('price', 'decimal(12,2)'),
      field('day', 'date'),
    ],
    schema: { type: 'struct', fields: [column('n', 'integer'), column('out', 'integer')] },
  }
}

/** Counts every statement that is run over connections of the engine. */
function counting(): { readonly engine: DuckDB; readonly count: () => number } {
  let statements = 0
  const countRuns = <T extends object>(of: T, names: readonly string[]): T =>
    new Proxy(of, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (names.includes(String(name))) statements++
          const result = value.apply(target, given)
          return name === 'prepare' ? result.then((prepared: object) => countRuns(prepared, ['run'])) : result
        }
      },
    })
  const connect = async () =>
    countRuns<DuckDBConnection>(await engine.connect(), ['run', 'runAndReadAll', 'start', 'prepare'])
  return { engine: { ...engine, connect }, count: () => statements }
}

const RECORDS = 2_000
const isBad = (i: number) => i % 20 === 7

async function clean(of: Dataset, more: (bad: boolean, i: number) => object, records = RECORDS) {
  const { engine, count } = counting()
  const cleaner = createCleaner({ engine, workFolder, runtime: systemRuntime })
  const values = Array.from({ length: records }, (_, i) => JSON.stringify({ n: i, ...more(isBad(i), i) }))
  const report = await cleaner.checkRecords(of, [block(...values)])
  return { report, statements: count() }
}

const bad = (records = RECORDS) => Array.from({ length: records }, (_, i) => i).filter(isBad)

function expectBadOnes({ rejected, rows }: CleanReport, reason: (i: number) => RegExp | string, records = RECORDS) {
  expect(rejected.map(({ index }) => index)).toEqual(bad(records))
  for (const { index, reason: given } of rejected) expect(given).toMatch(reason(index))
  expect(rows).toBe(records - bad(records).length)
}

describe('records for which the SQL raises an error cost a statement each, and no more', () => {
  const note = (bad: boolean, i: number) => ({ note: bad ? `long${i}` : String(i) })
  const conversion = (i: number) => `clean.sql failed: Conversion Error: Could not convert string 'long${i}' to INT32`

  test.for<
    [name: string, of: Dataset, more: (bad: boolean, i: number) => object, reason: (i: number) => RegExp | string]
  >([
    ['a cast', dataset('SELECT n, CAST(note AS INTEGER) AS out FROM raw'), note, conversion],
    [
      'a cast that stands there twice',
      dataset('SELECT n, CAST(note AS INTEGER) + CAST(note AS INTEGER) AS out FROM raw'),
      note,
      conversion,
    ],
    [
      'a cast in a WITH, which another builds on',
      dataset('WITH a AS (SELECT *, CAST(note AS INTEGER) AS l FROM raw), b AS (SELECT n, l + 1 AS out FROM a) FROM b'),
      note,
      conversion,
    ],
    [
      'a cast in a REPLACE',
      dataset(
        'SELECT n, note AS out FROM (SELECT * EXCLUDE (moment) REPLACE (CAST(note AS INTEGER) AS note) FROM raw)',
      ),
      note,
      conversion,
    ],
    [
      'error()',
      dataset(`SELECT n, CASE WHEN note LIKE 'l%' THEN error('too ' || note) ELSE 1 END AS out FROM raw`),
      note,
      (i) => `clean.sql failed: Invalid Input Error: too long${i}`,
    ],
    [
      'a number out of range of its column',
      dataset('SELECT n, n * 3000000000 AS out FROM raw'),
      (bad, i) => ({ n: bad ? i : 0 }),
      () => /clean.sql failed: Conversion Error: .* out of range/,
    ],
    [
      'a sum out of range',
      dataset('SELECT n, n + 2147483647 AS out FROM raw'),
      (bad, i) => ({ n: bad ? i : -i }),
      () => /clean.sql failed: .* Error: .*[Oo]ver|out of range/,
    ],
    [
      'a function',
      dataset(`SELECT n, year(strptime(note, '%Y'))::INTEGER AS out FROM raw`),
      (bad) => ({ note: bad ? 'last year' : '2020' }),
      () => /clean.sql failed: Invalid Input Error: Could not parse string "last year"/,
    ],
    [
      'a predicate of an expectation',
      dataset('SELECT n, length(note)::INTEGER AS out FROM raw', [
        { name: 'e', predicate: 'sqrt(6 - out) >= 0', otherwise: 'keep' },
      ]),
      (bad) => ({ note: bad ? 'too long' : 'short' }),
      () => /clean.sql failed: Out of Range Error: cannot take square root of a negative number/,
    ],
  ])('%s', async ([, of, more, reason]) => {
    const { report, statements } = await clean(of, more)
    expectBadOnes(report, reason)
    expect(statements).toBeLessThan(bad().length + 50)
  })
})

test('a record with fields that are wrong and others for which the SQL raises an error: each for its own reason', async () => {
  const of = dataset('SELECT n, CAST(note AS INTEGER) AS out FROM raw', [
    { name: 'small', predicate: 'n < 1900', otherwise: 'quarantine' },
  ])
  const { report } = await clean(of, (bad, i) => ({
    note: bad ? 'long' : '1',
    ...(i % 20 === 8 && { moment: 'never' }),
  }))
  const reasons = Map.groupBy(report.rejected, ({ reason }) => reason.slice(0, 16))
  expect([...reasons].map(([reason, of]) => [reason, of.length])).toEqual([
    ['clean.sql failed', 100],
    ['wrong type in fi', 100],
    ['expectation smal', 90],
  ])
})

test('a moment, a decimal, a day, a missing value and a NUL come to the SQL alike, whether it fails for their record or not', async () => {
  const of = dataset(
    `SELECT n, CASE WHEN moment IS NULL THEN 0 WHEN note = chr(0) THEN error(concat_ws(' ', moment, price, day)) ELSE 1 END AS out FROM raw`,
  )
  const { report } = await clean(of, (bad) =>
    bad ? { note: '\0', moment: '1999-12-31 23:59:59.123456', price: '1234567890.10', day: '2020-02-29' } : {},
  )
  expectBadOnes(
    report,
    () => 'clean.sql failed: Invalid Input Error: 1999-12-31 23:59:59.123456+00 1234567890.10 2020-02-29',
  )
})

const words = `unnest(string_split(note, ' '))`

/** SQL in which TRY can't hold all, and which gives the last number of a note, or fails where it is none. */
const SHAPES: Readonly<Record<string, string>> = {
  'a condition of an outer join':
    'SELECT n, k AS out FROM raw LEFT JOIN (VALUES (1), (5)) v(k) ON CAST(note AS INTEGER) = k',
  'beside an outer join': 'SELECT n, CAST(note AS INTEGER) AS out FROM raw LEFT JOIN (VALUES (1), (5)) v(k) ON n = k',
  'a condition of a join':
    'SELECT n, out FROM raw r JOIN (VALUES (5, 3)) v(k, out) ON CAST(r.note AS INTEGER) * 0 + 5 = k',
  'an aggregate in a subquery': `SELECT n, (SELECT max(CAST(w AS INTEGER)) FROM (SELECT ${words} AS w)) AS out FROM raw`,
  'a cast of a subquery': `SELECT n, CAST((SELECT max(w) FROM (SELECT ${words} AS w)) AS INTEGER) AS out FROM raw`,
  'a cast of an aggregate': `SELECT n, CAST(max(w) AS INTEGER) AS out FROM (SELECT n, ${words} AS w FROM raw) GROUP BY n`,
  exists: `SELECT n, EXISTS (SELECT 1 FROM (SELECT ${words} AS w) WHERE CAST(w AS INTEGER) > 1)::INTEGER AS out FROM raw`,
  'in a subquery': `SELECT n, (5 IN (SELECT CAST(w AS INTEGER) FROM (SELECT ${words} AS w)))::INTEGER AS out FROM raw`,
  'a group': `SELECT n, sum(CAST(w AS INTEGER))::INTEGER AS out FROM (SELECT n, ${words} AS w FROM raw) GROUP BY n`,
  'an unnest': `SELECT n, CAST(w AS INTEGER) AS out FROM (SELECT n, unnest(string_split(note, ' ')[-1:]) AS w FROM raw)`,
  'a lateral unnest': `SELECT n, CAST(w AS INTEGER) AS out FROM raw, LATERAL (SELECT unnest(string_split(note, ' ')[-1:]) AS w)`,
  'a window': 'SELECT n, first_value(CAST(note AS INTEGER)) OVER (PARTITION BY n) AS out FROM raw',
  'a union':
    'SELECT n, CAST(note AS INTEGER) AS out FROM raw WHERE n % 2 = 0 UNION ALL SELECT n, -CAST(note AS INTEGER) AS out FROM raw WHERE n % 2 = 1',
  'a WHERE': 'SELECT n, 1 AS out FROM raw WHERE CAST(note AS INTEGER) IS NOT NULL OR note IS NULL',
}

describe('where TRY can not hold all of the SQL, what fails is noted: the same for each bad record', () => {
  test.for(Object.entries(SHAPES))('%s', async ([, sql]) => {
    const { report, statements } = await clean(dataset(sql), (bad, i) => ({ note: bad ? `long${i}` : '5' }))
    expectBadOnes(report, (i) => `clean.sql failed: Conversion Error: Could not convert string 'long${i}' to INT32`)
    expect(statements).toBeLessThan(bad().length + 50)
  })
})

test('of any records each has the outcome that it has by itself, whatever the shape of the SQL', async () => {
  const kit = await createKit()
  const note = fc.constantFrom('5', '1', '7', '', ' 2', 'x', 'y', '99999999999')
  const notes = fc.uniqueArray(fc.record({ n: fc.nat(60), note }), {
    selector: ({ n }) => n,
    minLength: 3,
    maxLength: 4,
  })
  try {
    for (const of of Object.values(SHAPES).map((sql) => dataset(sql))) {
      const property = fc.asyncProperty(notes, async (records) => {
        const values = records.map((record) => JSON.stringify(record))
        const { rows, report } = await kit.clean(of, [block(...values)])
        const alone: Outcome[] = []
        for (const value of values) alone.push(await kit.clean(of, [block(value)]))
        expect(inOrder(rows)).toEqual(inOrder(alone.flatMap((each) => each.rows)))
        expect(report.rejected.map(({ index, reason }) => ({ index, reason }))).toEqual(
          alone.flatMap((each, index) => each.report.rejected.map(({ reason }) => ({ index, reason }))),
        )
      })
      await fc.assert(property, { numRuns: 2 })
    }
  } finally {
    await kit.close()
  }
})

test('what can not be noted either is halved: some statements for each bad record, not for each record', async () => {
  const of = dataset(
    'SELECT n, k AS out FROM (SELECT n, note FROM raw) LEFT JOIN (VALUES (1), (5)) v(k) ON CAST(note AS INTEGER) = k',
  )
  const records = 400
  const { report, statements } = await clean(of, (bad) => ({ note: bad ? 'two' : '1' }), records)
  expectBadOnes(report, () => `clean.sql failed: Conversion Error: Could not convert string 'two' to INT32`, records)
  expect(statements).toBeLessThan(9 * bad(records).length + 50)
})
