import { deflateSync } from 'node:zlib'
import { type AwsCredentials, joinValues, valueAt } from '@millrace/base'
import { type HttpAddress, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openFormat, openRegistry, parseRegistryAddress, shapeOfTopic } from '../../src/index.ts'
import { signedCall } from '../../src/registry/glue-call.ts'

const it = withServices('moto')

const REGION = 'eu-west-1'
const V1 = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] }
const V2 = { ...V1, fields: [...V1.fields, { name: 'note', type: ['null', 'string'], default: null }] }

/** Calls IAM as one who needs no login yet; returns the answer. */
async function iam({ url }: HttpAddress, parameters: Record<string, string>): Promise<string> {
  const login = `AWS4-HMAC-SHA256 Credential=none/20260101/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=0`
  const body = new URLSearchParams({ Version: '2010-05-08', UserName: 'reader', ...parameters })
  const response = await fetch(url, { method: 'POST', headers: { authorization: login }, body })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}

/** Makes a user who may use Glue. From then on moto checks signatures. */
async function makeUser(moto: HttpAddress): Promise<AwsCredentials> {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'glue:*', Resource: '*' }] }
  await iam(moto, { Action: 'CreateUser' })
  await iam(moto, { Action: 'PutUserPolicy', PolicyName: 'glue', PolicyDocument: JSON.stringify(document) })
  const made = await iam(moto, { Action: 'CreateAccessKey' })
  const part = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(made)?.[1] ?? ''
  return { accessKeyId: part('AccessKeyId'), secretAccessKey: part('SecretAccessKey') }
}

async function glue({ url }: HttpAddress, credentials: AwsCredentials, operation: string, what: object) {
  const body = JSON.stringify(what)
  const headers = signedCall({ url, region: REGION }, `AWSGlue.${operation}`, body, credentials)
  const response = await fetch(url, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Record<string, string>
}

function message(id: string, compression: 0 | 5, ...value: number[]): Buffer {
  const body = compression === 5 ? deflateSync(Buffer.from(value)) : Buffer.from(value)
  return Buffer.concat([Buffer.from([3, compression]), Buffer.from(id.replaceAll('-', ''), 'hex'), body])
}

it("messages name the versions of Glue's schemas, compressed or not; requests are signed", async ({ moto }) => {
  const credentials = await makeUser(moto)
  const at = {
    RegistryId: { RegistryName: 'shop' },
    SchemaName: 'orders',
    DataFormat: 'AVRO',
    Compatibility: 'BACKWARD',
  }
  await glue(moto, credentials, 'CreateRegistry', { RegistryName: 'shop' })
  const made = await glue(moto, credentials, 'CreateSchema', { ...at, SchemaDefinition: JSON.stringify(V1) })
  const next = { SchemaId: { RegistryName: 'shop', SchemaName: 'orders' }, SchemaDefinition: JSON.stringify(V2) }
  const { SchemaVersionId: second = '' } = await glue(moto, credentials, 'RegisterSchemaVersion', next)
  const first = made.SchemaVersionId ?? ''

  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey
  const registry = `glue://${REGION}/shop?endpoint=${moto.url}`
  const context = { registry, environment: {} }
  const unknown = '00000000-1111-2222-3333-444444444444'
  const { lines, rejected, schemaKey } = await openFormat('avro', context).read(
    joinValues([
      message(first, 0, 2),
      message(second, 5, 4, 2, 2, 0x61),
      message(unknown, 0, 2),
      Buffer.from([3, 5, ...Buffer.alloc(16), 1, 2]),
      Buffer.from([0, 0, 0, 0, 1, 2]),
    ]),
  )
  const records = [0, 1].map((i) => JSON.parse(Buffer.from(valueAt(lines, i) ?? []).toString()))
  expect(records).toEqual([{ id: 1 }, { id: 2, note: 'a' }])
  expect([0, 1].map((i) => schemaKey?.(i))).toEqual([first, second])
  expect(rejected.map(({ reason }) => reason)).toEqual([
    `not Avro: its schema ${unknown} is not in the registry`,
    'not Avro: it does not begin with the id of a schema',
    'not Avro: it does not begin with the id of a schema',
  ])
  const proto = 'syntax = "proto3"; package shop; message Note { int32 n = 1; } message Entry { int32 id = 1; }'
  const { SchemaVersionId: ofNotes = '' } = await glue(moto, credentials, 'CreateSchema', {
    ...{ ...at, SchemaName: 'notes', DataFormat: 'PROTOBUF', SchemaDefinition: proto },
  })
  const notes = await openFormat('protobuf', context).read(
    joinValues([message(ofNotes, 0, 1, 8, 7), message(ofNotes, 5, 0, 8, 7)]),
  )
  const read = [0, 1].map((i) => JSON.parse(Buffer.from(valueAt(notes.lines, i) ?? []).toString()))
  expect(read).toEqual([{ n: 7 }, { id: 7 }])
  expect(Object.keys((await shapeOfTopic('orders', context))?.shape?.fields ?? {})).toEqual(['id', 'note'])
  await openRegistry(parseRegistryAddress(registry, {})).probe()
  await expect(openRegistry(parseRegistryAddress(registry.replace('/shop', '/none'), {})).probe()).rejects.toThrow(
    'has no schema registry none',
  )
  const wrong = { ...credentials, secretAccessKey: 'wrong' }
  await expect(glue(moto, wrong, 'GetRegistry', { RegistryId: { RegistryName: 'shop' } })).rejects.toThrow(
    'SignatureDoesNotMatch',
  )
})
