import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { systemRuntime, valueAt } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { listTopics, openSource, type Partition, type Position } from '../../src/index.ts'

/** Lays out files as Kafka Connect's S3 sink does. */
async function connectArchive(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const root = await temporaryFolder()
  const folder = join(root, 'topics', 'pins', 'partition=0')
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, `pins+0+${name}`), content)
  return `archive:${root}`
}

async function readAll(address: string, from?: Position, maxBytes = 1 << 20): Promise<string[]> {
  const source = await openSource(address, systemRuntime)
  const [partition] = (await source.partitions('pins')) as [Partition]
  const end = await source.end(partition)
  const found: string[] = []
  for (let at = from ?? (await source.resolve(partition, 'earliest')); !end.passedBy(at); ) {
    const block = await source.read(partition, at, { maxBytes, waitMs: 0 })
    if (!block) throw new Error(`nothing came at ${at}`)
    for (let i = 0; i < block.count; i++) {
      found.push(`${block.offsets[i]} ${Buffer.from(valueAt(block, i) ?? []).toString()}`)
    }
    at = block.to
  }
  return found
}

test('reads the files of Kafka Connect in the order of their offsets, packed ones too', async () => {
  const address = await connectArchive({
    '0000000000.json': '{"a":0}\n{"a":1}\n',
    '0000000002.json.gz': gzipSync('{"a":2}\n{"a":3}\n'),
    '0000000002.keys.json': '"k"\n"k"\n',
    '10000000000.json': '{"a":4}',
    '9999999999.json': '{"a":5}\n',
  })
  expect(await listTopics(address)).toEqual(['pins'])
  const all = ['0 {"a":0}', '1 {"a":1}', '2 {"a":2}', '3 {"a":3}', '9999999999 {"a":5}', '10000000000 {"a":4}']
  expect(await readAll(address)).toEqual(all)
  expect(await readAll(address, undefined, 1)).toEqual(all)
  expect(await readAll(address, [3n])).toEqual(all.slice(3))
})

test('a file that is cut off is refused by its name', async () => {
  const address = await connectArchive({ '0000000000.json.gz': gzipSync('{"a":0}\n'.repeat(1000)).subarray(0, 30) })
  await expect(readAll(address)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
})

test('goes on with a file that came after the last one was read', async () => {
  const address = await connectArchive({ '0000000000.json': '{"a":0}\n' })
  const source = await openSource(address, systemRuntime)
  const [partition] = (await source.partitions('pins')) as [Partition]
  const first = await source.read(partition, [0n], { maxBytes: 1 << 20, waitMs: 0 })
  expect(await source.read(partition, first?.to ?? [], { maxBytes: 1 << 20, waitMs: 0 })).toBeUndefined()
  await writeFile(join(address.slice('archive:'.length), 'topics/pins/partition=0/pins+0+0000000001.json'), '{"a":1}\n')
  expect(await source.read(partition, first?.to ?? [], { maxBytes: 1 << 20, waitMs: 0 })).toMatchObject({ count: 1 })
})

test('a packed line without an end is refused, long before it has filled the memory', async () => {
  const address = await connectArchive({ '0000000000.json.gz': gzipSync(Buffer.alloc(65 << 20, 'x')) })
  await expect(readAll(address)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED', message: /has a line of more than/ })
})

test('of many empty lines a block has at most 100,000, and a file with a number that no offset has is left out', async () => {
  const lines = gzipSync(Buffer.alloc(250_000, '\n'))
  const address = await connectArchive({ '0000000000.json.gz': lines, '99999999999999999999.json': '{}\n' })
  const source = await openSource(address, systemRuntime)
  const [partition] = (await source.partitions('pins')) as [Partition]
  const counts: number[] = []
  for (let at: Position = [0n]; ; ) {
    const block = await source.read(partition, at, { maxBytes: 24 << 20, waitMs: 0 })
    if (!block) break
    counts.push(block.count)
    at = block.to
  }
  expect(counts).toEqual([100_000, 100_000, 50_000])
})
