import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, judgeSql, makeKafkaTopics, produceKeyed, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('kafka', 'registry', 'confluent', 'judge')

type Serialized = Parameters<typeof produceKeyed>[1]['key']

const avro = (name: string, field: string, type: string): Serialized => ({
  format: 'avro',
  schema: JSON.stringify({ type: 'record', name, fields: [{ name: field, type }] }),
})

const FILE = {
  ...{ name: 'stock.proto', package: 'shop', syntax: 'proto3' },
  messageType: [
    { name: 'Stock', field: [{ name: 'n', number: 1, type: 'TYPE_INT32', label: 'LABEL_OPTIONAL' }] },
    { name: 'Key', field: [{ name: 'id', number: 1, type: 'TYPE_INT64', label: 'LABEL_OPTIONAL' }] },
  ],
}
const protobuf = (message: string): Serialized => ({ format: 'protobuf', file: FILE, message })

const SIDES = {
  avro: { key: avro('Key', 'id', 'long'), value: avro('Stock', 'n', 'int') },
  protobuf: { key: protobuf('shop.Key'), value: protobuf('shop.Stock') },
}

const dataset = (format: string) => ({
  ...{ description: 'How many there are of each', format, keyFormat: format, mode: 'upsert', key: ['id'] },
  fields: { n: { type: 'integer' } },
  metadata: { id: { from: 'key.id', type: 'long' } },
  columns: { id: { type: 'long' }, n: { type: 'integer' } },
})

it.for(['avro', 'protobuf'] as const)(
  'a message of %s without a value deletes the row of its key, and one that comes behind it makes the row anew',
  async (format, { kafka, registry, confluent, judge }) => {
    const place = await openWorkplace()
    onTestFinished(() => place.leave())
    const folder = join(place.folder, 'mine/stock')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset(format)))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, n FROM raw')
    const topic = freshName('stock')
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 2 }])
    const at = { bootstrap: kafka.bootstrap, registry: registry.url, topic, ...SIDES[format] }
    const send = async (...records: readonly (readonly [id: number, n: number | null])[]) => {
      const messages = records.map(([id, n]) => [{ id }, n === null ? null : { n }] as const)
      await produceKeyed(confluent, { ...at, records: messages })
      const source = [
        '--source',
        `kafka://${kafka.bootstrap}`,
        '--registry',
        registry.url,
        '--topics',
        `stock=${topic}`,
      ]
      const args = ['--datasets', 'stock', '--dataset-folders', 'mine', ...source, '--until-caught-up']
      const { exitCode, stdout, stderr } = await place.run('stream', ...args)
      expect(exitCode, stdout + stderr).toBe(0)
    }
    const rows = () =>
      judgeSql(judge, { table: join(place.folder, 'lake/stock'), sql: 'SELECT id, n FROM t ORDER BY id' })
    await send([1, 10], [2, 20], [300, 30], [4, 40], [4, null])
    expect(await rows()).toEqual([
      { id: 1, n: 10 },
      { id: 2, n: 20 },
      { id: 300, n: 30 },
    ])
    await send([300, null], [2, null], [2, 21], [9, null], [4, 41])
    expect(await rows()).toEqual([
      { id: 1, n: 10 },
      { id: 2, n: 21 },
      { id: 4, n: 41 },
    ])
    expect(await place.sql('SELECT count(*)::INT AS n FROM stock_quarantine').catch(() => [{ n: 0 }])).toEqual([
      { n: 0 },
    ])
  },
)
