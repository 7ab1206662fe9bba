import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, it } from 'vitest'
import { openWorkplace } from './millrace.ts'

const USERS = {
  description: 'The users of the shop, as their database changes',
  format: 'debezium',
  fields: { id: { type: 'long' }, name: { type: 'text' }, born: { type: 'date' }, __op: { type: 'text' } },
  columns: { id: { type: 'long' }, name: { type: 'string' }, born: { type: 'date' }, op: { type: 'string' } },
  mode: 'upsert',
  key: ['id'],
}

const COLUMNS = [
  { type: 'int64', optional: false, field: 'id' },
  { type: 'string', optional: true, field: 'name' },
  { type: 'int32', optional: true, name: 'io.debezium.time.Date', version: 1, field: 'born' },
]

const schema = {
  type: 'struct',
  fields: [
    { type: 'struct', fields: COLUMNS, optional: true, field: 'before' },
    { type: 'struct', fields: COLUMNS, optional: true, field: 'after' },
    { type: 'string', optional: false, field: 'op' },
  ],
}

const message = (op: string, before: object | null, after: object | null) => {
  const { id } = (after ?? before) as { readonly id: number }
  const payload = { before, after, source: { table: 'users' }, op, ts_ms: 1_700_000_000_000 }
  return { key: Buffer.from(JSON.stringify({ id })), value: Buffer.from(JSON.stringify({ schema, payload })) }
}
const user = (id: number, name: string, born: number | null = null) => ({ id, name, born })

it('a topic of Debezium becomes a table with the rows that the database has, deletes and tombstones included', async () => {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'users' })
  try {
    const folder = join(place.folder, 'mine', 'users')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(USERS))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, name, born, __op AS op FROM raw')
    await mkdir(join(place.folder, 'data'))
    const producer = await openProducer(`embedded:${join(place.folder, 'data', 'stream.db')}`, systemRuntime)
    const send = (...records: { key: Uint8Array; value: Uint8Array | null }[]) => producer.send('shop.users', records)

    await send(
      ...[
        message('r', null, user(1, 'Ada', -56_270)),
        message('c', null, user(2, 'Bob')),
        message('c', null, user(3, 'Cy')),
      ],
      ...[message('u', user(2, 'Bob'), user(2, 'Robert')), message('d', user(3, 'Cy'), null)],
      { key: Buffer.from('{"id":3}'), value: null },
    )
    expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
    const rows = 'SELECT id, name, CAST(born AS VARCHAR) AS born, op FROM users ORDER BY id'
    expect(await place.sql(rows)).toEqual([
      { id: 1, name: 'Ada', born: '1815-12-10', op: 'r' },
      { id: 2, name: 'Robert', born: null, op: 'u' },
    ])

    // A tombstone alone is how ExtractNewRecordState says that a row is gone.
    await send({ key: Buffer.from('{"id":1}'), value: null }, message('d', { id: 2, name: null, born: null }, null))
    expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
    expect(await place.sql('SELECT count(*) AS n FROM users')).toEqual([{ n: 0 }])

    const emptied = { op: 't', before: null, after: null, source: { table: 'users' } }
    await send(message('c', null, user(4, 'Di')))
    expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
    await send(message('c', null, user(5, 'Ed')), {
      key: Buffer.from('null'),
      value: Buffer.from(JSON.stringify(emptied)),
    })
    await send(message('c', null, user(6, 'Flo')))
    expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
    expect(await place.sql('SELECT id, name FROM users')).toEqual([{ id: 6, name: 'Flo' }])
    expect(await place.run('verify')).toMatchObject({ exitCode: 0 })
    await producer.close()
  } finally {
    await place.leave()
  }
})
