import { systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { openSource, type Partition } from '../../src/index.ts'
import { archiver } from './archiver.ts'

const READ = { maxBytes: 1 << 20, waitMs: 0, headers: true }
const record = (number: number) => ({ value: Buffer.from(`{"i":${number}}`), id: `id-${number}`, partition: 0 })

test('keeps gaps between offsets, ids, and a place to go on', async () => {
  const place = await temporaryFolder()
  const { producer, begin, skip } = archiver(await openLake(place), 'gzip')
  await begin('t', 1)
  await producer.send('t', [record(0), record(1)])
  await skip('t', 2n, 7n)
  await skip('t', 7n, 9n)
  await producer.send('t', [record(9)])
  await skip('t', 10n, 12n)
  const source = await openSource(`archive:${place}`, systemRuntime)
  const [partition] = (await source.partitions('t')) as [Partition]
  const read = async (at: bigint) => {
    const block = await source.read(partition, [at], READ)
    expect(block?.headers).toEqual(block?.ids?.map((id) => JSON.stringify({ 'millrace-id': id })))
    return block && { offsets: Array.from(block.offsets, Number), to: Number(block.to[0]), ids: block.ids }
  }
  expect(await read(0n)).toEqual({ offsets: [0, 1], to: 2, ids: ['id-0', 'id-1'] })
  expect(await read(1n)).toEqual({ offsets: [1], to: 2, ids: ['id-1'] })
  expect(await read(2n)).toEqual({ offsets: [9], to: 10, ids: ['id-9'] })
  expect(await read(5n)).toEqual({ offsets: [9], to: 10, ids: ['id-9'] })
  expect(await read(10n)).toEqual({ offsets: [], to: 12, ids: undefined })
  expect(await read(12n)).toBeUndefined()
  expect((await source.end(partition)).passedBy([12n])).toBe(true)
})

test('a file that is not what was written there is refused by its name', async () => {
  const place = await temporaryFolder()
  const store = await openLake(place)
  const { producer, begin } = archiver(store, 'none')
  await begin('t', 1)
  await producer.send('t', [record(0)])
  await store.put('topics/t/partition=0/t+0+0000000000.json', Buffer.from('{"i":7}\n'))
  const source = await openSource(`archive:${place}`, systemRuntime)
  const [partition] = (await source.partitions('t')) as [Partition]
  await expect(source.read(partition, [0n], READ)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
})
