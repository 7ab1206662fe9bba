import { thatNeedCloserLook } from '@millrace/formats'
import { EVERY_TYPE, PINTEREST } from '@millrace/testkit'
import { type Dataset, loadDataset } from '@millrace/transform'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { block, createKit, inOrder, type Outcome, oneByOne } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const FOLDERS = [PINTEREST.datasets, EVERY_TYPE]
const datasets = await Promise.all(['pin', 'geo', 'user', 'order'].map((name) => loadDataset(name, FOLDERS)))

/** JSON text for one value: of any type, in any of the ways that it can be written, right or wrong. */
const scalar = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double().map(String),
  fc.constantFrom(
    '1.5',
    '1.0',
    '-0',
    '1e400',
    '1e-400',
    '1E5',
    '007',
    '+1',
    '.5',
    '5.',
    'NaN',
    '-Infinity',
    'true',
    'null',
  ),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    '"9k"',
    '"1.5k"',
    '"2B"',
    '" 9 m"',
    '"1,234"',
    '"User Info Error"',
    '""',
    '" 1"',
    '"1_0"',
    '"0x10"',
    '"nan"',
  ),
  fc.constantFrom(
    '"2020-01-01 00:00:00"',
    '"2020-01-01T00:00:00+05:30"',
    '"2020:01:01 00:00:00"',
    '"epoch"',
    '"2020-02-30 00:00:00"',
  ),
  fc.constantFrom('"2024-02-29"', '"2023-02-29"', '"0000-01-01"', '"2024-2-9"', '"2024-02-29 00:00:00"'),
  fc.constantFrom('12.50', '"12.5000"', '12.505', '99999999.99', '100000000', '-0.0', '1e2'),
  fc.constantFrom('"\\ud800"', '"\\u0000"', '"\\x"', '"\t"', "'x'", '"\\ud83d\\ude00"'),
  fc.constantFrom('[]', '{}', '[1, 2]', '{"a":{"a":[null]}}', '{"a":1,"a":2}', '['.repeat(300) + ']'.repeat(300)),
)

const key = (dataset: Dataset) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...dataset.fields.flatMap(({ name, aliases }) => [name, ...aliases])) },
    fc.constantFrom('IND', 'inde\\u0078', 'x', '', '\\u0000'),
    fc.string().map((text) => JSON.stringify(text).slice(1, -1)),
  )

const space = fc.constantFrom('', '', '', ' ', '\t', '\n', '\r', '\f', '\v', '\u00a0', '\ufeff')

const record = (dataset: Dataset) =>
  fc
    .tuple(
      fc.array(fc.tuple(key(dataset), scalar, space), { maxLength: 6 }),
      space,
      space,
      fc.constantFrom('', '', ','),
    )
    .map(([fields, before, after, comma]) => {
      const members = fields.map(([name, value, gap]) => `"${name}":${gap}${value}`)
      return Buffer.from(`${before}{${members.join(',')}${members.length > 0 ? comma : ''}}${after}`)
    })

const RIGHT: Readonly<Record<string, string>> = {
  text: '"x"',
  integer: '7',
  long: '7',
  double: '0.5',
  boolean: 'true',
  date: '"2020-02-29"',
  timestamp: '"2020-01-01 00:00:00"',
  'decimal(10,2)': '12.50',
  'decimal(38,6)': '"12345678901234567890.123456"',
}

/** A right record, but for one field. */
const almost = (dataset: Dataset) =>
  fc
    .tuple(fc.constantFrom(...dataset.fields), key(dataset), scalar, fc.constantFrom('set', 'add'))
    .map(([field, name, value, how]) => {
      const members = dataset.fields.map((other) => {
        const right = how === 'set' && other.name === field.name ? value : RIGHT[other.type]
        return `"${other.name}":${right}`
      })
      return Buffer.from(`{${[...members, ...(how === 'add' ? [`"${name}":${value}`] : [])].join(',')}}`)
    })

/** A byte changed, lost, doubled or put in: most of what a bad line or a bad producer does. */
const mutation = fc.record({ at: fc.nat(), take: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) })

const message = (dataset: Dataset) =>
  fc.oneof(
    { weight: 4, arbitrary: record(dataset) },
    { weight: 6, arbitrary: almost(dataset) },
    {
      weight: 4,
      arbitrary: fc.tuple(record(dataset), fc.array(mutation, { minLength: 1, maxLength: 2 })).map(([bytes, changes]) =>
        changes.reduce((value, { at, take, put }) => {
          const from = at % (value.length + 1)
          return Buffer.concat([value.subarray(0, from), put, value.subarray(from + take)])
        }, bytes),
      ),
    },
    fc.constantFrom('', ' ', 'null', '[]', '{', '}', '{}{}', '{} {}', '{}\n{}').map((text) => Buffer.from(text)),
  )

for (const dataset of datasets) {
  test(`${dataset.name}: a record has one outcome: by the fast path, read by itself, and among others`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message(dataset), { minLength: 1, maxLength: 12 }), async (values) => {
        const together = await kit.clean(dataset, [block(...values)])
        const single = await kit.clean(dataset, [oneByOne(block(...values))])
        const alone: Outcome[] = []
        // As if none had come before: after a suspect of this data set the cleaner suspects more than it must.
        for (const value of values) alone.push(await kit.clean({ ...dataset }, [block(value)]))
        const rejected = new Set(single.report.rejected.map(({ index }) => index))
        for (const [index, value] of values.entries()) {
          const { rows, report } = alone[index] as Outcome
          const odd = thatNeedCloserLook(block(value)).length > 0
          // The fast path takes a record if and only if it is good.
          if (!odd) expect({ fast: report.path === 'fast' }).toEqual({ fast: !rejected.has(index) })
          expect({ rows: rows.length, rejected: report.rejected.length }).toEqual(
            rejected.has(index) ? { rows: 0, rejected: 1 } : { rows: 1, rejected: 0 },
          )
        }
        const rows = inOrder(alone.flatMap(({ rows }) => rows))
        expect(inOrder(single.rows)).toEqual(rows)
        expect(inOrder(together.rows)).toEqual(rows)
        expect(together.report.rejected.map(({ index, reason }) => ({ index, reason }))).toEqual(
          alone.flatMap(({ report }, index) => report.rejected.map(({ reason }) => ({ index, reason }))),
        )
        expect(together.report.rows).toBe(rows.length)
      }),
      // As many records as a property of 100 runs over one record each has.
      { numRuns: 15 },
    )
  })
}
