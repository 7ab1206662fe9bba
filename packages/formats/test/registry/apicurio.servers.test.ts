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
async function make(url: string, artifactId: string, content: object, references: object[] = []): Promise<Version> {
  const response = await fetch(`${url}/groups/default/artifacts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ artifactId, artifactType: 'AVRO' },
      firstVersion: { content: { content: JSON.stringify(content), contentType: 'application/json', references } },
    }),
  })
  const made = (await response.json()) as { readonly version: Version }
  if (!response.ok) throw new Error(JSON.stringify(made))
  return made.version
}

/** An id in eight bytes, the id 1 and the zip "a". */
function message(id: number): Buffer {
  const header = Buffer.alloc(9)
  header.writeBigUInt64BE(BigInt(id), 1)
  return Buffer.concat([header, Buffer.from([2, 2, 0x61])])
}

const apiOf = ({ url }: HttpAddress) => url.replace('/apis/ccompat/v7', '/apis/registry/v3')

it("messages have Apicurio's ids of eight bytes, of versions or of contents, with references", async ({ registry }) => {
  const url = apiOf(registry)
  const [topic, part] = [freshName('orders'), freshName('address')]
  await make(url, part, ADDRESS)
  const reference = { groupId: 'default', artifactId: part, version: '1', name: 'shop.Address' }
  const { globalId, contentId } = await make(url, `${topic}-value`, ORDER, [reference])
  const read = async (address: string, ...ids: number[]) => {
    const messages = [...ids.map(message), Buffer.from([0, 0, 0, 0, 1, 2])]
    const { lines, rejected } = await openFormat('avro', { registry: address, environment: {} }).read(
      joinValues(messages),
    )
    const records = ids.map((_, i) => valueAt(lines, i)).filter((line) => line !== null)
    return [...records.map((line) => JSON.parse(Buffer.from(line).toString())), ...rejected.map(({ reason }) => reason)]
  }
  const wrong = 'not Avro: it does not begin with the id of a schema'
  const order = { id: 1, to: { zip: 'a' } }
  expect(await read(url, globalId, 2 ** 40)).toEqual([
    order,
    `not Avro: its schema ${2 ** 40} is not in the registry`,
    wrong,
  ])
  expect(await read(`${url}?ids=content`, contentId)).toEqual([order, wrong])
  const context = { registry: url, environment: {} }
  expect((await shapeOfTopic(topic, context))?.shape?.fields).toMatchObject({
    id: { kind: 'long' },
    to: { kind: 'record' },
  })
  await openRegistry(parseRegistryAddress(url, {})).probe()
  expect(() => openFormat('protobuf', context)).toThrow("read in Confluent's wire format alone")
})
