import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { block, createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())
const pin = await loadDataset('pin', [PINTEREST.datasets])

const bytes = (...parts: readonly (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

const MIB = 1 << 20

/** A message, and the title of the row that it makes or why it is rejected. */
const MESSAGES: readonly [
  name: string,
  message: string | Uint8Array | null,
  outcome: { title: string | null } | string,
][] = [
  ['a tombstone', null, 'tombstone: no value'],
  ['an empty message', '', 'empty message'],
  ['a blank message', ' \t\r\n', 'empty message'],
  ['a literal null', 'null', 'not an object'],
  ['two records with a line break between', '{"index":1}\n{"index":2}', 'not JSON'],
  ['two records without', '{"index":1}{"index":2}', 'not JSON'],
  ['a record over several lines', '{\r\n  "index": 1,\n  "title": "x"\n}\n', { title: 'x' }],
  ['a megabyte of space in a record', `{"index":1,${' '.repeat(MIB)}"title":"x"}`, { title: 'x' }],
  ['a raw line break inside a text', '{"index":1,"title":"a\nb"}', 'not JSON'],
  ['a byte order mark', '\ufeff{"index":1}', 'not JSON'],
  ['invalid UTF-8 in a text', bytes('{"index":1,"title":"', [0xff, 0xfe], '"}'), 'not JSON: invalid UTF-8'],
  ['an overlong form', bytes('{"index":1,"title":"', [0xc0, 0xaf], '"}'), 'not JSON: invalid UTF-8'],
  ['a surrogate as UTF-8', bytes('{"index":1,"title":"', [0xed, 0xa0, 0x80], '"}'), 'not JSON: invalid UTF-8'],
  ['a raw NUL in a text', bytes('{"index":1,"title":"', [0], '"}'), 'not JSON: a NUL byte'],
  ['a NUL after the record', bytes('{"index":1}', [0]), 'not JSON: a NUL byte'],
  ['an escaped NUL', '{"index":1,"title":"a\\u0000b"}', { title: 'a\0b' }],
  ['a lone surrogate', '{"index":1,"title":"\\ud800"}', 'not JSON'],
  ['a pair of surrogates', '{"index":1,"title":"\\ud83c\\udf08"}', { title: '🌈' }],
  ['a field twice', '{"index":1,"title":"a","title":"a"}', 'field title comes twice'],
  ['a field twice, once escaped', '{"index":1,"title":"a","titl\\u0065":"b"}', 'field title comes twice'],
  ['an unknown field twice', '{"index":1,"x":1,"x":2,"title":"a"}', { title: 'a' }],
  ['1e400 in a text field', '{"index":1,"title":1e400}', { title: '1e400' }],
  ['1e400 in an integer', '{"index":1e400}', 'wrong type in field index'],
  ['a 64-bit integer in a text field', '{"index":1,"title":9223372036854775807}', { title: '9223372036854775807' }],
  ['an integer of 30 digits in a text field', `{"index":1,"title":${'9'.repeat(30)}}`, { title: '9'.repeat(30) }],
  ['a 64-bit integer in an integer of 32', '{"index":9223372036854775807}', 'wrong type in field index'],
  ['NaN, as Python writes it', '{"index":1,"x":NaN,"title":"a"}', { title: 'a' }],
  ['a comma after the last field', '{"index":1,"title":"a",}', { title: 'a' }],
  ['a comment', '{"index":1/* one */}', 'not JSON'],
  ['nesting 1,000 deep in an unknown field', `{"index":1,"x":${nested(1000)},"title":"a"}`, { title: 'a' }],
  ['nesting 100,000 deep in an unknown field', `{"index":1,"x":${nested(100_000)},"title":"a"}`, { title: 'a' }],
  ['nesting 100,000 deep in a text field', `{"index":1,"title":${nested(100_000)}}`, { title: nested(100_000) }],
  ['nesting that never ends', `{"index":1,"x":${'['.repeat(100_000)}`, 'not JSON'],
  ['a message of 20 MiB', `{"index":1,"title":"${'x'.repeat(20 * MIB)}"}`, { title: 'x'.repeat(20 * MIB) }],
  ['20 MiB of commas', `{"index":1,"title":"${',\\"'.repeat(7 * MIB)}"}`, { title: ',"'.repeat(7 * MIB) }],
  ['a million numbers', `{"index":1,"x":[${'1,'.repeat(MIB - 10)}1],"title":"a"}`, { title: 'a' }],
  ['20 MiB of numbers', `{"x":[${'1,'.repeat(10 * MIB)}1]}`, 'too large: more than 1048576 parts'],
  ['a message over 32 MiB', `{"title":"${'x'.repeat(32 * MIB)}"}`, 'too large: 33554444 bytes, at most 33554432'],
]

const GOOD = '{"index":7,"title":"good"}'

for (const [name, message, outcome] of MESSAGES) {
  test(`${name}: ${typeof outcome === 'string' ? outcome : 'a row'}; those around it are cleaned`, async () => {
    const { rows, report } = await kit.clean(pin, [block(GOOD, message, GOOD)])
    const titles = rows.map(({ title }) => title).sort()
    expect(titles).toEqual(typeof outcome === 'string' ? ['good', 'good'] : [outcome.title, 'good', 'good'].sort())
    expect(report.rejected).toEqual(typeof outcome === 'string' ? [{ block: 0, index: 1, reason: outcome }] : [])
  })
}

test('no message at all gives no row', async () => {
  const { rows, report } = await kit.clean(pin, [])
  expect(rows).toEqual([])
  expect(report).toMatchObject({ rows: 0, rejected: [], path: 'fast' })
})
