import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime } from '@millrace/base'
import { afterAll, expect, it } from 'vitest'
import { openDatabase } from '../../src/embedded/database.ts'
import { embeddedProducer } from '../../src/embedded/producer.ts'
import { embeddedSource } from '../../src/embedded/source.ts'
import type { Partition } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-ids-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const record = (id: string | undefined, n: number) => ({
  value: new TextEncoder().encode(`{"n":${n}}`),
  ...(id === undefined ? {} : { id }),
})

it('a record whose id is there already is answered with the place of the first, and stored no second time', async () => {
  const path = join(folder, 'stream.db')
  const first = embeddedProducer(path, systemRuntime)
  const once = await first.send('t', [record('a', 1), record(undefined, 2), record('b', 3), record('a', 4)])
  await first.close()
  const second = embeddedProducer(path, systemRuntime)
  const again = await second.send('t', [record('c', 5), record('b', 6), record(undefined, 7)])
  const nothingNew = await second.send('t', [record('b', 8)])
  await second.close()
  expect([...once, ...again, ...nothingNew].map(({ offset }) => Number(offset))).toEqual([0, 1, 2, 0, 3, 2, 4, 2])

  const source = embeddedSource(path, systemRuntime)
  const assigned = Promise.withResolvers<readonly Partition[]>()
  await source.subscribe(['t'], { assigned: async (all) => assigned.resolve(all), revoked: async () => {} })
  const [partition] = (await assigned.promise) as [Partition]
  const block = await source.read(partition, [0n], { maxBytes: 1 << 20, waitMs: 0 })
  expect(Buffer.from(block?.bytes ?? []).toString()).toBe('{"n":1}\n{"n":2}\n{"n":3}\n{"n":5}\n{"n":7}\n')
  await source.close()
})

it('an id is forgotten with the message that it names', () => {
  const db = openDatabase(join(folder, 'small.db'), 100)
  db.createTopic('t', 1)
  const topic = db.findTopic('t')?.id ?? 0
  const append = (id: string) => {
    const bytes = Buffer.alloc(59, 'x')
    const message = { ...joinValues([bytes]), ids: [id], keys: ['k'] }
    return db.inTransaction(() => db.append(topic, 0, message, 0))[0]?.offset
  }
  expect(['a', 'b', 'b', 'c', 'a'].map(append)).toEqual([0, 1, 1, 2, 3])
  db.close()
})
