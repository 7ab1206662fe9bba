import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Runtime, systemRuntime } from '@millrace/base'
import { openCatalog, openProducer, openSource } from '@millrace/transport'
import { expect, onTestFinished, test } from 'vitest'

const PARTITIONS = 200

test('partitions without news look at the store together, and each is woken by a record of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const address = `embedded:${join(folder, 'stream.db')}`
  const catalog = await openCatalog(address)
  await catalog.create('pins', PARTITIONS)
  await catalog.close()
  let [sleeps, seen] = [0, Promise.withResolvers<void>()]
  const runtime: Runtime = {
    ...systemRuntime,
    sleep(ms, signal) {
      if (++sleeps === 10) seen.resolve()
      return systemRuntime.sleep(ms, signal)
    },
  }
  const source = await openSource(address, runtime)
  onTestFinished(() => source.close())
  const all = await source.partitions('pins')
  const stop = new AbortController()
  const options = { maxBytes: 1 << 20, waitMs: 60_000, signal: stop.signal }
  const reads = all.map((partition) => source.read(partition, [0n], options))
  await seen.promise
  const producer = await openProducer(address, systemRuntime)
  await producer.send('pins', [{ value: Buffer.from('{}'), partition: 7 }])
  await producer.close()
  expect(await reads[7]).toMatchObject({ count: 1, to: [1n] })
  stop.abort()
  const others = (await Promise.all(reads)).filter((block) => block !== undefined)
  expect(others).toHaveLength(1)
  // Each by itself would sleep at least once.
  expect(sleeps).toBeLessThan(PARTITIONS)
})
