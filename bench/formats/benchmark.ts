import { createReadStream } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemRuntime } from '@millrace/base'
import { PINTEREST } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import avsc from 'avsc'
import { pinsAsLines } from '../pins/as-lines.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

const AT_ONCE = 5000

export const benchmark: Benchmark = {
  about:
    'The same raw pins as JSON and as Avro, out of the embedded store, cleaned, into a Delta table. Avro has a union with null for each field.',
  unit: 'rows',
  // The embedded store keeps 256 MiB.
  size: 300_000,
  reference: 'json',
  measures: 'process',
  async prepare({ size }, input) {
    const pins = join(await pinsAsLines(size, input), 'pins.jsonl')
    return input('formats', { pins }, async (folder) => {
      const description = JSON.parse(await readFile(join(PINTEREST.datasets, 'pin/dataset.json'), 'utf8'))
      const schema = schemaOf(description.fields)
      await copyDataset(join(folder, 'json/pin'), description)
      const format = { name: 'avro', framing: 'none', schemas: [schema] }
      await copyDataset(join(folder, 'avro/pin'), { ...description, format })
      await fill(join(folder, 'json.db'), pins, (line) => Buffer.from(line))
      const type = avsc.Type.forSchema(schema as avsc.Schema)
      await fill(join(folder, 'avro.db'), pins, (line) => type.toBuffer(JSON.parse(line)))
    })
  },
  outputs: (output) => ({ pin: tableIn(join(output, 'pin')) }),
}

function schemaOf(fields: Readonly<Record<string, { readonly type: string }>>) {
  const types = Object.entries(fields).map(([name, { type }]) => ({
    ...{ name, default: null },
    type: ['null', type === 'text' ? 'string' : 'int'],
  }))
  return { type: 'record', name: 'Pin', fields: types }
}

async function copyDataset(folder: string, description: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await cp(join(PINTEREST.datasets, 'pin/clean.sql'), join(folder, 'clean.sql'))
}

async function fill(file: string, pins: string, encode: (line: string) => Buffer): Promise<void> {
  const producer = await openProducer(`embedded:${file}`, systemRuntime)
  let some: { readonly value: Buffer }[] = []
  for await (const line of createInterface(createReadStream(pins))) {
    some.push({ value: encode(line) })
    if (some.length < AT_ONCE) continue
    await producer.send('pin', some)
    some = []
  }
  await producer.send('pin', some)
  await producer.close()
}
