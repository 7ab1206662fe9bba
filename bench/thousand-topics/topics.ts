import avsc from 'avsc'
import type { Admin } from 'kafkajs'

/** A topic whose messages are Avro: three versions of its schema are in the registry, each a field longer. */
export interface AvroTopic {
  readonly name: string
  /** Header and type of each version. */
  readonly versions: readonly { readonly header: Buffer; readonly type: avsc.Type }[]
}

const FIELDS = 20
const VERSIONS = 3
const AT_ONCE = 16

const TYPES = ['long', 'string', 'double', 'boolean', { type: 'long', logicalType: 'timestamp-millis' }] as const

/** Schema of a version: the last one has all fields, each earlier one lacks the last of its successor. */
function schemaOf(version: number): avsc.Schema {
  const more = Array.from({ length: FIELDS - 2 - (VERSIONS - version) }, (_, i) => {
    return { name: `f${i}`, type: ['null', TYPES[i % TYPES.length] ?? 'long'], default: null }
  })
  const sent = { type: 'long', logicalType: 'timestamp-millis' }
  const fields = [{ name: 'id', type: 'long' }, { name: 'sent_at', type: sent }, ...more]
  return { type: 'record', name: 'Event', fields } as avsc.Schema
}

/**
 * A broker makes room for the indexes of each topic, 10 MB each by default. The first entry of each made the broker of
 * the machines here wait for 16 ms: of a thousand topics that fill alike for 16 s, in which it took no messages.
 */
const INDEX = [{ name: 'segment.index.bytes', value: '65536' }]

/** Makes the topics, of one partition each, and registers their schemas. */
export async function makeTopics(admin: Admin, registry: string, names: readonly string[]): Promise<AvroTopic[]> {
  const types = Array.from({ length: VERSIONS }, (_, i) => avsc.Type.forSchema(schemaOf(i + 1)))
  for (let i = 0; i < names.length; i += 100) {
    const some = names.slice(i, i + 100).map((topic) => ({ topic, numPartitions: 1, configEntries: INDEX }))
    await admin.createTopics({ topics: some, waitForLeaders: false })
  }
  await haveLeaders(admin, names)
  const topics: AvroTopic[] = []
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map(async (name) => {
      const versions: AvroTopic['versions'][number][] = []
      for (const [at, type] of types.entries()) {
        const header = Buffer.alloc(5)
        header.writeInt32BE(await register(registry, name, schemaOf(at + 1)), 1)
        versions.push({ header, type })
      }
      return { name, versions }
    })
    topics.push(...(await Promise.all(some)))
  }
  return topics
}

/** A broker may be a moment late to hear of a new topic. */
async function haveLeaders(admin: Admin, names: readonly string[]): Promise<void> {
  for (;;) {
    const found = await admin.fetchTopicMetadata({ topics: [...names] }).catch(() => undefined)
    if (found?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function register(registry: string, topic: string, schema: avsc.Schema): Promise<number> {
  const answer = await fetch(`${registry}/subjects/${encodeURIComponent(`${topic}-value`)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  })
  if (!answer.ok) throw new Error(`the registry refused a schema: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { readonly id: number }).id
}

/** Encodes the message of this id, by one of the versions in turn. */
export function messageOf({ versions }: AvroTopic, id: number, now: number): Buffer {
  const { header, type } = versions[id % versions.length] as AvroTopic['versions'][number]
  const record: Record<string, unknown> = { id, sent_at: now }
  for (let i = 0; i < FIELDS - 2; i++) record[`f${i}`] = fieldValue(i, id, now)
  return Buffer.concat([header, type.toBuffer(record)])
}

/** Returns the value of a field of the message. */
function fieldValue(field: number, id: number, now: number): unknown {
  const at = field % TYPES.length
  return [id * field, `text ${id} of field ${field}`, id / (field + 1), id % 2 === 0, now][at]
}
