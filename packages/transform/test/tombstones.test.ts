import { textOfKey } from '@millrace/base'
import { discardStaged, stagedRows } from '@millrace/delta'
import { changeSchema, checkDescription, type Dataset } from '@millrace/transform'
import { afterAll, describe, expect, it } from 'vitest'
import { block, createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const FIELDS = { name: 'n', type: ['null', 'int'] }
const AVRO = { name: 'avro', schemas: [{ type: 'record', name: 'User', fields: [FIELDS] }] }
const ID = { id: { from: 'key', type: 'text' } }

const userBy = (changes: object, sql = 'SELECT id, n FROM raw'): Dataset => ({
  name: 'user',
  sql,
  ...checkDescription(
    {
      description: 'users',
      fields: { n: { type: 'integer' } },
      metadata: ID,
      columns: { id: { type: 'string' }, n: { type: 'integer' } },
      mode: 'upsert',
      key: ['id'],
      expectations: { has_n: { predicate: 'n IS NOT NULL', otherwise: 'quarantine' } },
      ...changes,
    },
    'user',
  ),
})

async function changesOf(dataset: Dataset, values: readonly (string | Uint8Array | null)[], keys: readonly string[]) {
  const schema = changeSchema(dataset)
  const { snapshot } = await kit.target({ ...dataset, schema })
  const messages = { ...block(...values), keys: keys.map((key) => textOfKey(Buffer.from(key, 'latin1'))) }
  const { files, report } = await kit.cleaner.cleanIntoFiles(dataset, [messages], { snapshot })
  const names = schema.fields.map(({ name }) => name)
  const rows =
    files.length === 0
      ? []
      : await kit.query(
          `SELECT CAST(to_json(rows) AS VARCHAR) FROM (${stagedRows(snapshot, files, names)} ORDER BY millrace_order) rows`,
        )
  await Promise.all(files.map(discardStaged))
  return { rows: rows.map((row) => JSON.parse(String(row))), rejected: report.rejected }
}

const change = (id: string, n: number | null, order: number) => ({
  ...{ id, n, millrace_order: order, millrace_deleted: n === null, millrace_truncated: false },
})

describe.each([
  ['json', {}, (n: number) => `{"n":${n}}`],
  ['avro', { format: AVRO }, (n: number) => Buffer.from([2, n * 2])],
])('a keyed data set of %s', (_, format, encoded) => {
  it('deletes the row of the key of a message without a value', async () => {
    const { rows, rejected } = await changesOf(userBy(format), [encoded(1), null, encoded(2)], ['a', 'a', 'b'])
    expect(rejected).toEqual([])
    expect(rows).toEqual([change('a', 1, 0), change('a', null, 1), change('b', 2, 2)])
  })

  it('has the places of all messages where some are rejected', async () => {
    const values = [null, '{', encoded(1), null]
    const { rows, rejected } = await changesOf(userBy(format), values, ['a', 'b', 'c', 'd'])
    expect(rejected.map(({ index }) => index)).toEqual([1])
    expect(rows).toEqual([change('a', null, 0), change('c', 1, 2), change('d', null, 3)])
  })

  it('keeps messages apart whose keys are not UTF-8: they go to the quarantine', async () => {
    const { rows, rejected } = await changesOf(userBy(format), [encoded(1), encoded(2), null], ['\xfe', 'b', '\xff'])
    expect(rows).toEqual([change('b', 2, 1)])
    const reason = 'key: not UTF-8, and the data set has no keyFormat'
    expect(rejected).toEqual([0, 2].map((index) => ({ block: 0, index, reason })))
  })

  it('rejects a message without a value where its key is none of the table', async () => {
    const { metadata, ...rest } = { metadata: {}, fields: { id: { type: 'text' }, n: { type: 'integer' } } }
    const { rejected } = await changesOf(userBy({ ...rest, ...format, metadata }), [null], ['a'])
    expect(rejected.map(({ reason }) => reason)).toEqual(['tombstone: no value'])
  })
})

it('a key in its own format deletes too, and a record can not say that it is a delete', async () => {
  const dataset = userBy({ keyFormat: 'json', metadata: { id: 'key.id' } })
  const forged = '{"n":1,"millrace:millrace_deleted":true}'
  const { rows, rejected } = await changesOf(dataset, [forged, null], ['{"id":"a"}', '{"id":"b"}'])
  expect(rows).toEqual([change('b', null, 1)])
  expect(rejected.map(({ index }) => index)).toEqual([0])
})
