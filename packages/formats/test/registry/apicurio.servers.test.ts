import { joinValues, valueAt } from '@millrace/base'
import { freshName, type HttpAddress, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openFormat, openRegistry, parseRegistryAddress, shapeOfTopic } from '../../src/index.ts'

const it = withServices('registry')

const ADDRESS = { type: 'record', name: 'Address', namespace: 'shop', fields: [{ name: 'zip', type: 'string' }] }
const ORDER = {
  ...{ type: 'record', name: 'Order', namespace: 'shop' },
  fields: [
    { name: 'id', type: 'long' },
    { name: 'to', type: 'shop.Address' },
  ],
}

interface Version {
  readonly globalId: number
  readonly contentId: number
}

/** Makes an artifact by Apicurio's own API. */
async function make(
  url: string,
  artifactId: string,
  schema: object | string,
  references: object[] = [],
  typeOfObjects: 'AVRO' | 'JSON' = 'AVRO',
): Promise<Version> {
  const [artifactType, contentType] =
    typeof schema === 'string' ? ['PROTOBUF', 'application/x-protobuf'] : [typeOfObjects, 'application/json']
  const content = typeof schema === 'string' ? schema : JSON.stringify(schema)
  const response = await fetch(`${url}/groups/default/artifacts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ artifactId, artifactType },
      firstVersion: { content: { content, contentType, references } },
    }),
  })
  const made = (await response.json()) as { readonly version: Version }
  if (!response.ok) throw new Error(JSON.stringify(made))
  return made.version
}

/** A zero byte, an id in eight bytes or four, and by default the id 1 and the zip "a". */
function message(id: number, size: 4 | 8 = 8, value = [2, 2, 0x61]): Buffer {
  const header = Buffer.alloc(1 + size)
  header.writeUIntBE(id, size - 3, 4)
  return Buffer.concat([header, Buffer.from(value)])
}

const apiOf = ({ url }: HttpAddress) => url.replace('/apis/ccompat/v7', '/apis/registry/v3')

/** What becomes of messages: their records, then why others are rejected. */
async function read(format: 'avro' | 'protobuf', registry: string, messages: readonly Buffer[]) {
  const { lines, rejected } = await openFormat(format, { registry, environment: {} }).read(joinValues(messages))
  const records = messages.map((_, i) => valueAt(lines, i)).filter((line) => line !== null)
  return [...records.map((line) => JSON.parse(Buffer.from(line).toString())), ...rejected.map(({ reason }) => reason)]
}

it("messages have Apicurio's ids, in four bytes of contents and in eight of versions, with references", async ({
  registry,
}) => {
  const url = apiOf(registry)
  const [topic, part] = [freshName('orders'), freshName('address')]
  await make(url, part, ADDRESS)
  const reference = { groupId: 'default', artifactId: part, version: '1', name: 'shop.Address' }
  const { globalId, contentId } = await make(url, `${topic}-value`, ORDER, [reference])
  const order = { id: 1, to: { zip: 'a' } }
  expect(
    await read('avro', url, [message(globalId), message(contentId, 4), message(2 ** 31, 4), message(2 ** 30)]),
  ).toEqual([
    order,
    order,
    `not Avro: its schema content ${2 ** 31} is not in the registry`,
    `not Avro: its schema ${2 ** 30} is not in the registry`,
  ])
  expect(await read('avro', `${url}?ids=content`, [message(contentId), message(contentId, 4)])).toEqual([order, order])
  expect(await read('avro', `${url}?ids=global`, [message(globalId), message(globalId, 4)])).toEqual([order, order])
  const wrong = 'not Avro: it does not begin with the id of a schema'
  expect(await read('avro', url, [Buffer.from([0, 0, 0, 0, 0, 2]), Buffer.from([1, 0, 0, 0, 1, 2])])).toEqual([
    wrong,
    wrong,
  ])
  const context = { registry: url, environment: {} }
  expect((await shapeOfTopic(topic, context))?.shape?.fields).toMatchObject({
    id: { kind: 'long' },
    to: { kind: 'record' },
  })
  await openRegistry(parseRegistryAddress(url, {})).probe()
})

it('Protobuf has the name of its message behind the id', async ({ registry }) => {
  const url = apiOf(registry)
  const proto = 'syntax = "proto3"; package shop; message Note { int32 n = 1; } message Order { int32 id = 1; }'
  const { contentId } = await make(url, freshName('notes'), proto)
  const named = (name: string) => [name.length + 2, 10, name.length, ...Buffer.from(name)]
  const ofName = (name: string) => message(contentId, 4, [...named(name), 8, 7])
  expect(await read('protobuf', url, [ofName('Order'), ofName('Note'), ofName('None')])).toEqual([
    { id: 7 },
    { n: 7 },
    `not Protobuf: its schema content ${contentId} has no such message`,
  ])
})

it('a JSON Schema types the fields, those of a schema that it refers to as well, by either API', async ({
  registry,
}) => {
  const url = apiOf(registry)
  const [topic, part] = [freshName('orders'), freshName('address')]
  const address = { type: 'object', properties: { zip: { type: 'string' } } }
  const order = { type: 'object', properties: { id: { type: 'integer' }, to: { $ref: 'address.json' } } }
  await make(url, part, address, [], 'JSON')
  const reference = { groupId: 'default', artifactId: part, version: '1', name: 'address.json' }
  await make(url, `${topic}-value`, order, [reference], 'JSON')
  const fields = { id: { kind: 'long' }, to: { kind: 'record', fields: { zip: { kind: 'text' } } } }
  for (const address of [url, registry.url]) {
    expect(await shapeOfTopic(topic, { registry: address, environment: {} })).toEqual({
      format: 'json-schema',
      shape: { kind: 'record', fields },
    })
  }
})
