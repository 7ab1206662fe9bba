import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { openProducer, openSource, type Partition } from '@millrace/transport'
import { expect } from 'vitest'
import { decodePosition, encodePosition } from '../../src/kinesis/position.ts'
import { administer, type Server } from './stream.ts'
import { troubled } from './troubled.ts'

const it = withServices('kinesisMock')
const READ = { maxBytes: 1 << 20, waitMs: 15_000 }
const THROTTLED = 'ProvisionedThroughputExceededException'

it('goes on after throttling and after an iterator that expired', async ({ kinesisMock }) => {
  const { proxy, address, stream } = await streamBehind(kinesisMock)
  const { source, partition, send } = await subscribe(address, stream)
  await send('one')
  const first = await source.read(partition, await source.resolve(partition, 'earliest'), READ)
  await send('two')
  proxy.trouble('GetRecords', ...Array.from({ length: 8 }, () => THROTTLED), 'ExpiredIteratorException')
  const iterators = () => proxy.calls.filter((call) => call === 'GetShardIterator').length
  const before = iterators()
  const second = await source.read(partition, first?.to ?? [], READ)
  expect([first, second].map((block) => Buffer.from(block?.bytes ?? []).toString())).toEqual(['one\n', 'two\n'])
  expect(iterators()).toBe(before + 1)
  await source.close()
  proxy.close()
})

it('sends again what was throttled', async ({ kinesisMock }) => {
  const { proxy, address, stream } = await streamBehind(kinesisMock)
  const { source, partition, send } = await subscribe(address, stream)
  proxy.trouble('PutRecords', ...Array.from({ length: 6 }, () => THROTTLED))
  await send('one')
  const block = await source.read(partition, await source.resolve(partition, 'earliest'), READ)
  expect(block?.count).toBe(1)
  await source.close()
  proxy.close()
})

it('sends again those records alone that were not taken, however often, and tells where each went', async ({
  kinesisMock,
}) => {
  const { proxy, address, stream } = await streamBehind(kinesisMock)
  const { source, partition } = await subscribe(address, stream)
  proxy.refuseRecords(
    (index) => index % 3 !== 0,
    () => true,
    (index) => index % 2 === 0,
  )
  const values = Array.from({ length: 20 }, (_, i) => `record ${i}`)
  const producer = await openProducer(address, systemRuntime)
  const sent = await producer.send(
    stream,
    values.map((value) => ({ value: Buffer.from(value) })),
  )
  await producer.close()
  expect(proxy.calls.filter((call) => call === 'PutRecords')).toHaveLength(4)

  const stored = new Map<string, string>()
  for (let at = await source.resolve(partition, 'earliest'); stored.size < values.length; ) {
    const block = await source.read(partition, at, READ)
    if (!block) break
    const texts = Buffer.from(block.bytes).toString().trimEnd().split('\n')
    for (const [i, text] of texts.entries()) stored.set(String(block.offsets[i]), text)
    at = block.to
  }
  expect([...stored.values()].toSorted()).toEqual(values.toSorted())
  // Kinesis names a record by its sequence number; our name for it says also which part of a pack it is.
  const named = sent.map(({ offset }) => [...stored].find(([name]) => name.startsWith(String(offset)))?.[1])
  expect(named).toEqual(values)
  await source.close()
  proxy.close()
})

it('a position from before retention is refused, unless its record is still there', async ({ kinesisMock }) => {
  const { proxy, address, stream } = await streamBehind(kinesisMock)
  const { source, partition, send } = await subscribe(address, stream)
  const [sent] = await send('one')
  await send('two')
  const old = { sequence: sent?.offset ?? 0n, next: 'after', through: 1 } as const
  expect((await source.read(partition, encodePosition(old), READ))?.count).toBe(1)
  for (const gone of [
    { ...old, sequence: old.sequence + 1n },
    { ...old, sequence: 0n, next: 0 },
  ]) {
    await expect(source.read(partition, encodePosition(gone), READ)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    })
  }
  await source.close()
  proxy.close()
})

it('how far in time an idle shard has been read moves on, so that a restart finds no gap', async ({ kinesisMock }) => {
  const { proxy, address, stream } = await streamBehind(kinesisMock)
  const later = { ...systemRuntime, now: () => Date.now() + 2 * 3_600_000 }
  const { source, partition } = await subscribe(address, stream, later)
  const from = encodePosition({ sequence: 0n, next: 0, through: Date.now() })
  const block = await source.read(partition, from, READ)
  expect(block?.count).toBe(0)
  expect(decodePosition(block?.to ?? []).through).toBeGreaterThan(decodePosition(from).through + 3_600_000)
  await source.close()
  proxy.close()
})

async function streamBehind(server: Server) {
  const stream = await administer(server).freshStream(1)
  const proxy = await troubled(server)
  return { proxy, stream, address: administer(proxy.server).address }
}

async function subscribe(address: string, topic: string, runtime = systemRuntime) {
  const source = await openSource(address, runtime)
  let partition = {} as Partition
  const assigned = async ([first]: readonly Partition[]) => {
    if (first) partition = first
  }
  await source.subscribe([topic], { assigned, revoked: async () => {} })
  const send = async (value: string) => {
    const producer = await openProducer(address, systemRuntime)
    const sent = await producer.send(topic, [{ value: Buffer.from(value) }])
    await producer.close()
    return sent
  }
  return { source, partition, send }
}
