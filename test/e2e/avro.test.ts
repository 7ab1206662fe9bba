import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, onTestFinished, test } from 'vitest'
import { openWorkplace } from './millrace.ts'

const READING = { type: 'record', name: 'Reading', fields: [{ name: 'id', type: 'long' }] }

const DATASET = { description: '', fields: { id: { type: 'long' } }, columns: { id: { type: 'long' } } }

/** A place whose data set `readings` is of this format, and a source with these messages in its topic. */
async function placeWith(format: unknown, messages: readonly (Buffer | null)[]) {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const folder = join(place.folder, 'datasets/readings')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...DATASET, format }))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id FROM raw')
  await writeFile(join(folder, 'reading.avsc'), JSON.stringify(READING))
  const source = `embedded:${join(place.folder, 's.db')}`
  const producer = await openProducer(source, systemRuntime)
  await producer.send(
    'readings',
    messages.map((value) => ({ value })),
  )
  await producer.close()
  return { place, options: ['--source', source, '--datasets', 'readings', '--dataset-folders', 'datasets'] }
}

test('a registry that is down is waited for, and nothing is lost', async () => {
  let tries = 0
  const server = createServer((_, response) => {
    response.statusCode = ++tries <= 2 ? 503 : 200
    response.end(JSON.stringify({ schema: JSON.stringify(READING) }))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const messages = [2, 4, 6].map((byte) => Buffer.from([0, 0, 0, 0, 7, byte]))
  const { place, options } = await placeWith('avro', messages)
  const ended = await place.run('stream', '--until-caught-up', '--json', ...options, '--registry', registry)
  expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"rows":3') })
  expect(ended.stderr).toContain('SOURCE_UNREACHABLE')
  expect(await place.sql('select id from readings order by id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
})

test('millrace dev shows what messages hold, and what becomes of them', async () => {
  const { place, options } = await placeWith({ name: 'avro', schemas: ['reading.avsc'] }, [
    Buffer.from([2]),
    Buffer.from([4, 6]),
  ])
  const { exitCode, stdout } = await place.run('dev', 'readings', '--once', ...options)
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('{"id":1}') })
  expect(stdout).toContain('1 bytes are left over')
})

test('without a registry a worker ends before it does anything, and says what to set', async () => {
  const { place, options } = await placeWith('avro', [Buffer.from([0, 0, 0, 0, 7, 2])])
  const ended = await place.run('stream', '--until-caught-up', ...options)
  expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('schema registry') })
  expect(await place.run('tables', '--json')).toMatchObject({ stdout: '[]\n' })
})

test('a schema beside dataset.json needs no registry; what is not of it is kept, and comes back when the schema is mended', async () => {
  const { place, options } = await placeWith({ name: 'avro', schemas: ['reading.avsc'] }, [
    Buffer.from([2]),
    Buffer.from([4, 6]),
  ])
  expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('select id from readings')).toEqual([{ id: 1 }])
  const wider = { ...READING, fields: [...READING.fields, { name: 'more', type: 'int' }] }
  await writeFile(join(place.folder, 'datasets/readings/reading.avsc'), JSON.stringify(wider))
  const folders = ['--datasets', 'readings', '--dataset-folders', 'datasets']
  expect(await place.run('quarantine', 'replay', ...folders)).toMatchObject({ exitCode: 0 })
  expect(await place.sql('select id from readings order by id')).toEqual([{ id: 1 }, { id: 2 }])
})
