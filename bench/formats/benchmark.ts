import { createReadStream } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemRuntime } from '@millrace/base'
import { PINTEREST } from '@millrace/testkit'
import { type OutgoingRecord, openCatalog, openProducer } from '@millrace/transport'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

const AT_ONCE = 5000

/** The embedded store keeps 256 MiB of each: a million pins are 700 MB. */
const PARTITIONS = 4

export const benchmark: Benchmark = {
  about:
    'The same raw pins as JSON, Avro and Protobuf, out of the embedded store, cleaned, into a Delta table. Each field may be missing.',
  unit: 'rows',
  size: 1_000_000,
  reference: 'json',
  measures: 'process',
  async prepare({ size }, input) {
    const pins = join(await pinsAsLines(size, input), 'pins.jsonl')
    return input('formats', { pins, partitions: PARTITIONS }, async (folder) => {
      const description = JSON.parse(await readFile(join(PINTEREST.datasets, 'pin/dataset.json'), 'utf8'))
      const schema = schemaOf(description.fields)
      await copyDataset(join(folder, 'json/pin'), description)
      const format = { name: 'avro', framing: 'none', schemas: [schema] }
      await copyDataset(join(folder, 'avro/pin'), { ...description, format })
      await fill(join(folder, 'json.db'), pins, (line) => Buffer.from(line))
      const type = avsc.Type.forSchema(schema as avsc.Schema)
      await fill(join(folder, 'avro.db'), pins, (line) => type.toBuffer(JSON.parse(line)))
      await prepareProtobuf(folder, pins, description)
    })
  },
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}

type Fields = Readonly<Record<string, { readonly type: string }>>

function schemaOf(fields: Fields) {
  const types = Object.entries(fields).map(([name, { type }]) => ({
    ...{ name, default: null },
    type: ['null', type === 'text' ? 'string' : 'int'],
  }))
  return { type: 'record', name: 'Pin', fields: types }
}

async function prepareProtobuf(folder: string, pins: string, description: { readonly fields: Fields }): Promise<void> {
  const fields = Object.entries(description.fields).map(
    ([name, { type }], i) => `optional ${type === 'text' ? 'string' : 'int32'} ${name} = ${i + 1};`,
  )
  const text = `syntax = "proto3"; message Pin { ${fields.join(' ')} }`
  const format = { name: 'protobuf', message: 'Pin', schemas: ['pin.proto'] }
  await copyDataset(join(folder, 'protobuf/pin'), { ...description, format })
  await writeFile(join(folder, 'protobuf/pin/pin.proto'), text)
  const type = protobuf.parse(text, { keepCase: true }).root.lookupType('Pin')
  await fill(join(folder, 'protobuf.db'), pins, (line) => Buffer.from(type.encode(present(JSON.parse(line))).finish()))
}

/** Protobuf has no null: what is null is not there. */
function present(pin: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(pin).filter(([, value]) => value !== null))
}

async function copyDataset(folder: string, description: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await cp(join(PINTEREST.datasets, 'pin/clean.sql'), join(folder, 'clean.sql'))
}

async function fill(file: string, pins: string, encode: (line: string) => Buffer): Promise<void> {
  const address = `embedded:${file}`
  await (await openCatalog(address)).create('pin', PARTITIONS)
  const producer = await openProducer(address, systemRuntime)
  let some: OutgoingRecord[] = []
  let partition = 0
  for await (const line of createInterface(createReadStream(pins))) {
    some.push({ value: encode(line), partition })
    if (some.length < AT_ONCE) continue
    await producer.send('pin', some)
    some = []
    partition = (partition + 1) % PARTITIONS
  }
  await producer.send('pin', some)
  await producer.close()
}
