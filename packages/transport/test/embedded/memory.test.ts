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
