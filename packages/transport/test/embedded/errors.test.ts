import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { openCatalog, openProducer, openSource } from '../../src/index.ts'

const ROWS = [
  {
    name: 'a folder',
    make: (path: string) => mkdir(path),
    expected: { message: /it is a folder/, next: /Name the file/ },
  },
  {
    name: 'another kind of file',
    make: (path: string) => writeFile(path, 'no database. '.repeat(100)),
    expected: { message: /another kind of file/, next: /Name the file/ },
  },
  {
    name: 'a database of somebody else',
    make: async (path: string) => {
      const db = new DatabaseSync(path)
      db.exec('CREATE TABLE topic (unlike TEXT)')
      db.close()
    },
    expected: {
      message: /another kind of file, or of another release of Millrace \(no such column/,
      next: /Name the file/,
    },
  },
  {
    name: 'a store of another release',
    make: async (path: string) => {
      const db = new DatabaseSync(path)
      db.exec('CREATE TABLE batch (topic INTEGER, partition INTEGER, base INTEGER)')
      db.close()
    },
    expected: { message: /another release of Millrace \(table batch has no column named/, next: /Name the file/ },
  },
]

it.each(ROWS)('$name where the store should be is said so, whoever opens it', async ({ make, expected }) => {
  const path = join(await temporaryFolder(), 'stream.db')
  await make(path)
  const failure = {
    code: 'SOURCE_ADDRESS',
    message: expect.stringMatching(expected.message),
    next: expect.stringMatching(expected.next),
  }
  const address = `embedded:${path}`
  await expect(sourceAt(address)).rejects.toMatchObject(failure)
  await expect(producerAt(address)).rejects.toMatchObject(failure)
  const catalog = await openCatalog(address)
  await expect(catalog.create('topic', 1)).rejects.toMatchObject(failure)
})

it('a file in the place of its folder is said so', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  await expect(sourceAt(`embedded:${file}/stream.db`)).rejects.toMatchObject({
    code: 'SOURCE_ADDRESS',
    message: expect.stringContaining('no file can be there'),
  })
})

async function sourceAt(address: string): Promise<void> {
  const source = await openSource(address, systemRuntime)
  onTestFinished(() => source.close().catch(() => {}))
  await source.partitions('topic')
}

async function producerAt(address: string): Promise<void> {
  const producer = await openProducer(address, systemRuntime)
  onTestFinished(() => producer.close().catch(() => {}))
  await producer.send('topic', [{ value: Buffer.from('{}') }])
}
