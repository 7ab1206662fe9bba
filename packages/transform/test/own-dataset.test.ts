import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { datasetHash, datasetNames, loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { block, createKit, inOrder, oneByOne } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const DESCRIPTION = {
  description: 'Readings of meters',
  fields: {
    meter: { type: 'long', aliases: ['id'] },
    value: { type: 'double' },
    taken: { type: 'timestamp', shapes: ['YYYY-MM-DDTHH:MM:SS'] },
    ok: { type: 'boolean' },
    note: { type: 'text' },
  },
  columns: {
    meter: { type: 'long', comment: 'The number on its plate' },
    value: { type: 'double' },
    taken: { type: 'timestamp' },
    ok: { type: 'boolean' },
    length: { type: 'integer' },
  },
}
const SQL = 'SELECT meter, value, taken, ok, CAST(note AS INTEGER) AS length FROM raw -- a note is a length here'

let datasets = 0

/** A data set in a folder of its own. */
async function make(changes: object = {}, sql = SQL) {
  const [root, name] = [join(kit.folder, 'datasets'), `meter${datasets++}`]
  await mkdir(join(root, name), { recursive: true })
  await writeFile(join(root, name, 'dataset.json'), JSON.stringify({ ...DESCRIPTION, ...changes }))
  await writeFile(join(root, name, 'clean.sql'), `${sql}\n`)
  return { root, name, load: () => loadDataset(name, [root]) }
}

const reading = (meter: unknown, more: object = {}) => JSON.stringify({ meter, ...more })

describe('a new folder', () => {
  test('is a data set, listed among those of all folders', async () => {
    const { root, name, load } = await make()
    expect(await datasetNames([root, PINTEREST.datasets])).toEqual(expect.arrayContaining(['geo', name, 'pin', 'user']))
    const dataset = await load()
    const message = `{"id":9007199254740993,"value":1e-3,"taken":"2020-01-01T00:00:00+01:00","ok":true,"note":12}`
    const { rows } = await kit.clean(dataset, [block(message)])
    expect(rows).toEqual([
      { meter: Number('9007199254740993'), value: 0.001, taken: '2019-12-31 23:00:00+00', ok: true, length: 12 },
    ])
    expect(dataset.schema.fields[0]).toEqual({
      name: 'meter',
      type: 'long',
      nullable: true,
      metadata: { comment: 'The number on its plate' },
    })
  })

  test('refuses what its own fields refuse', async () => {
    const dataset = await (await make()).load()
    const { report } = await kit.clean(dataset, [
      block(
        '{"meter":9223372036854775808}',
        '{"taken":"2020-01-01 00:00:00"}',
        '{"ok":1}',
        '{"ok":"True"}',
        '{"meter":9223372036854775807,"ok":"false"}',
      ),
    ])
    expect(report.rejected.map(({ reason }) => reason)).toEqual([
      'wrong type in field meter',
      'wrong type in field taken',
      'wrong type in field ok',
      'wrong type in field ok',
    ])
  })

  test('whose SQL raises an error for some records loses those to the quarantine, and no other', async () => {
    const dataset = await (await make()).load()
    const notes = Array.from({ length: 100 }, (_, i) => (i % 30 === 7 ? 'long' : String(i)))
    const { rows, report } = await kit.clean(dataset, [block(...notes.map((note, i) => reading(i, { note })))])
    expect(report.rejected.map(({ index }) => index)).toEqual([7, 37, 67, 97])
    expect(report.rejected[0]?.reason).toMatch(
      "clean.sql failed: Conversion Error: Could not convert string 'long' to INT32",
    )
    expect(rows).toHaveLength(96)
  })

  test('checks the fields that its SQL does not use', async () => {
    const sql = 'SELECT meter, 1.5 AS value, NULL AS taken, true AS ok, 1 AS length FROM raw'
    const dataset = await (await make({}, sql)).load()
    const reasons = async (message: string) => {
      const { report } = await kit.clean(dataset, [block(message)])
      return report.rejected.map(({ reason }) => reason)
    }
    expect(await reasons('{"meter":1,"note":"a"}')).toEqual([])
    expect(await reasons('{"meter":1,"note":"a","note":"a"}')).toEqual(['field note comes twice'])
    expect(await reasons('{"meter":1,"ok":"maybe"}')).toEqual(['wrong type in field ok'])
    expect(await reasons('{"meter":1,"id":2}')).toEqual(['fields meter and id disagree'])
  })

  test('may have a name that Millrace uses, and takes its place', async () => {
    const { root, name } = await make()
    expect((await loadDataset(name, [root])).description).toBe('Readings of meters')
    await mkdir(join(root, 'geo'))
    await writeFile(join(root, 'geo', 'dataset.json'), JSON.stringify(DESCRIPTION))
    await writeFile(join(root, 'geo', 'clean.sql'), SQL)
    expect((await loadDataset('geo', [root])).description).toBe('Readings of meters')
  })
})

describe('a data set is refused', () => {
  const refused = async (changes: object, sql?: string) => {
    const { load } = await make(changes, sql)
    return kit.clean(await load(), [block(reading(1))])
  }
  const invalid = (text: RegExp) =>
    expect.objectContaining({ code: 'DATASET_INVALID', message: expect.stringMatching(text) })

  test('when there is none of that name', async () => {
    await expect(loadDataset('nobody', [PINTEREST.datasets])).rejects.toMatchObject({ code: 'DATASET_UNKNOWN' })
  })
  test('when its SQL names what its fields lack', async () => {
    await expect(refused({}, 'SELECT metre FROM raw')).rejects.toEqual(invalid(/metre/))
  })
  test('when its SQL lacks one of its columns', async () => {
    await expect(refused({}, 'SELECT meter FROM raw')).rejects.toEqual(invalid(/value/))
  })
  test('when its SQL reads a file that is neither in the lake nor of the work', async () => {
    const sql = SQL.replace('FROM raw', `FROM raw, (SELECT 1 FROM read_text('${import.meta.filename}')) t`)
    await expect(refused({}, sql)).rejects.toEqual(invalid(/Cannot access file/))
  })
  test('when an expectation names what its columns lack', async () => {
    const expectations = { e: { predicate: 'metre > 0', otherwise: 'keep' } }
    await expect(refused({ expectations })).rejects.toEqual(invalid(/metre/))
  })
  test('when its SQL does not make one row of each record', async () => {
    await expect(refused({}, `${SQL.split(' --')[0]} WHERE meter > 1`)).rejects.toEqual(invalid(/0 rows of 1 record/))
    await expect(refused({}, `${SQL.split(' --')[0]}, range(2)`)).rejects.toEqual(invalid(/2 rows of 1 record/))
  })
  test('when its SQL makes two rows of a record and an expectation drops one of them', async () => {
    const expectations = { first: { predicate: 'length = 0', otherwise: 'drop' } }
    const sql = 'SELECT meter, value, taken, ok, i AS length FROM raw, range(2) t(i)'
    await expect(refused({ expectations }, sql)).rejects.toEqual(invalid(/2 rows of 1 record/))
  })
  test.each([
    ['a field of no type', { fields: { a: { type: 'number' } } }],
    ['shapes for what is no timestamp', { fields: { a: { type: 'text', shapes: ['YYYY-MM-DD HH:MM:SS'] } } }],
    ['two names that differ in case', { fields: { a: { type: 'text' }, b: { type: 'text', aliases: ['A'] } } }],
    ['a column of no type', { columns: { a: { type: 'text' } } }],
    ['an outcome that there is not', { expectations: { e: { predicate: 'true', otherwise: 'explode' } } }],
    ['a setting that there is not', { partitionBy: 'a' }],
    ['a format that there is not', { format: 'xml' }],
  ])('for %s', async (_, changes) => {
    await expect(refused(changes)).rejects.toEqual(invalid(/dataset\.json/))
  })
})

describe('the hash of a data set', () => {
  test('is another one with any change of its rules, and the same without', async () => {
    const load = async (changes: object = {}, sql?: string) => datasetHash(await (await make(changes, sql)).load())
    const hash = await load()
    expect(await load({ description: 'Meters' })).toBe(hash)
    expect(await load({ format: 'json' })).toBe(hash)
    const changed = await Promise.all([
      load({}, `${SQL} `.replace('meter,', 'meter + 1 AS meter,')),
      load({ fields: { ...DESCRIPTION.fields, more: { type: 'text' } } }),
      load({ columns: { ...DESCRIPTION.columns, length: { type: 'long' } } }),
      load({ expectations: { e: { predicate: 'true', otherwise: 'keep' } } }),
    ])
    expect(new Set([hash, ...changed]).size).toBe(5)
  })
})

test('rows that turn out to be too many are given back: no file of theirs is left', async () => {
  const dataset = await (await make({}, `${SQL.split(' --')[0]}, range(2)`)).load()
  const parquetFiles = async () =>
    (await readdir(kit.folder, { recursive: true })).filter((name) => /parquet|zstd/.test(name))
  const before = await parquetFiles()
  await expect(kit.clean(dataset, [block(reading(1))])).rejects.toMatchObject({ code: 'DATASET_INVALID' })
  expect(await parquetFiles()).toEqual(before)
})

test('a block read one by one and a fast one give the same rows', async () => {
  const dataset = await (await make()).load()
  const values = block(...Array.from({ length: 50 }, (_, i) => reading(i % 5, { value: i % 3, note: '1' })))
  const fast = await kit.clean(dataset, [values])
  const single = await kit.clean(dataset, [values, oneByOne(values)])
  expect([fast.report.path, single.report.path]).toEqual(['fast', 'one by one'])
  expect(inOrder(single.rows)).toEqual(inOrder([...fast.rows, ...fast.rows]))
})

test.for(['LIMIT 1', 'ORDER BY meter', 'ORDER BY meter LIMIT 1', 'LIMIT 50%'])(
  'a clean.sql in which a record depends on others is refused: %s',
  async (words) => {
    const dataset = await (await make({}, SQL.replace(' --', ` ${words} --`))).load()
    await expect(kit.clean(dataset, [block(reading(1))])).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringContaining(words.startsWith('ORDER') ? 'ORDER BY' : 'LIMIT'),
    })
  },
)

test('a subquery about one record alone may put its parts in order', async () => {
  const sql = SQL.replace(
    'CAST(note AS INTEGER)',
    "(SELECT CAST(n AS INTEGER) FROM (SELECT unnest(string_split(note, ' ')) AS n) ORDER BY n LIMIT 1)",
  )
  const { rows } = await kit.clean(await (await make({}, sql)).load(), [block(reading(1, { note: '3 2' }))])
  expect(rows).toMatchObject([{ length: 2 }])
})
