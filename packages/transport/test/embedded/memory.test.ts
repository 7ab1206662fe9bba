import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer, openSource } from '@millrace/transport'
import { expect, onTestFinished, test } from 'vitest'

const WAIT = { maxBytes: 1 << 20, waitMs: 1_000 }

test('the memory of a block that is done with is used again, by one block at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const address = `embedded:${join(folder, 'stream.db')}`
  const producer = await openProducer(address, systemRuntime)
  await producer.send('pins', [{ value: Buffer.alloc(100_000, 'x') }])
  await producer.close()
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  const [partition] = await source.partitions('pins')
  const read = async () => {
    const block = partition && (await source.read(partition, [0n], WAIT))
    if (!block) throw new Error('nothing came')
    return block
  }
  const first = await read()
  expect(Buffer.from(first.bytes).toString()).toBe(`${'x'.repeat(100_000)}\n`)
  first.recycle?.()
  first.recycle?.()
  const [second, third] = [await read(), await read()]
  expect(second.bytes.buffer).toBe(first.bytes.buffer)
  expect(third.bytes.buffer).not.toBe(second.bytes.buffer)
  first.recycle?.()
  expect((await read()).bytes.buffer).not.toBe(second.bytes.buffer)
})

test('a block has at most 100,000 records, however many came at once, and its room is claimed before the next is read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const address = `embedded:${join(folder, 'stream.db')}`
  const producer = await openProducer(address, systemRuntime)
  const sent = Array.from({ length: 250_000 }, (_, i) => ({ value: i % 2 ? null : Buffer.alloc(0) }))
  expect((await producer.send('pins', sent)).at(-1)).toEqual({ partition: '0', offset: 249_999n })
  await producer.close()
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  const [partition] = await source.partitions('pins')
  if (!partition) throw new Error('no partition')
  let claimed = 0
  const room = {
    get open() {
      return claimed === 0
    },
    async opened() {
      claimed = 0
    },
    claim(bytes: number) {
      claimed += bytes
    },
  }
  const counts: number[] = []
  for (let at = 0n; at < 250_000n; at = BigInt(counts.reduce((a, b) => a + b, 0))) {
    const block = await source.read(partition, [at], { maxBytes: 24 << 20, waitMs: 1_000, room })
    expect([block?.offsets[0], block?.ends[1]]).toEqual([at, -2])
    expect(claimed).toBe(block?.bytes.length)
    counts.push(block?.count ?? 250_000)
  }
  expect(counts).toEqual([100_000, 100_000, 50_000])
})

test('keys are read where they are wanted, and count into the bytes of a block', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const address = `embedded:${join(folder, 'stream.db')}`
  const producer = await openProducer(address, systemRuntime)
  const key = Buffer.alloc(600_000, 'k')
  for (let i = 0; i < 4; i++) await producer.send('pins', [{ value: Buffer.alloc(0), key }])
  await producer.close()
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  const [partition] = await source.partitions('pins')
  const read = async (keys: boolean) => partition && (await source.read(partition, [0n], { ...WAIT, keys }))
  expect(await read(false)).toMatchObject({ count: 4 })
  expect(await read(true)).toMatchObject({ count: 2, keys: [key.toString(), key.toString()] })
})

test('what came out of the file is given back as soon as it is in a block', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const address = `embedded:${join(folder, 'stream.db')}`
  const producer = await openProducer(address, systemRuntime)
  const size = 2 << 20
  await producer.send('pins', [{ value: Buffer.alloc(size, 'x') }])
  await producer.close()
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close())
  const [partition] = await source.partitions('pins')
  const read = async () => partition && (await source.read(partition, [0n], WAIT))?.recycle?.()
  await read()
  const held = process.memoryUsage().external
  for (let i = 0; i < 4; i++) await read()
  expect(process.memoryUsage().external - held).toBeLessThan(size)
})
