import { CreateStreamCommand, DeleteStreamCommand, paginateListStreams } from '@aws-sdk/client-kinesis'
import { MillraceError } from '@millrace/base'
import type { TopicCatalog } from '../catalog.ts'
import { parseKinesisAddress } from './address.ts'
import { openClient } from './client.ts'
import { fromKinesis, nameOf } from './kinesis-error.ts'
import { openStreams } from './streams.ts'

export function kinesisCatalog(address: string): TopicCatalog {
  const client = openClient(parseKinesisAddress(address))
  const streams = openStreams(client)
  return {
    async list() {
      const names: string[] = []
      try {
        for await (const { StreamNames } of paginateListStreams({ client }, {})) names.push(...(StreamNames ?? []))
        return names
      } catch (error) {
        throw fromKinesis(error, 'ListStreams')
      }
    },
    async describe(name) {
      try {
        const { shards, retentionMs, createdAt, active } = await streams.refreshed(name)
        const partitions = [...shards.values()].map(({ id, from, to }) => ({
          ...{ id, leader: -1, replicas: [] },
          hashKeys: { from, to },
        }))
        return { name, createdAt, ready: active, configs: { 'retention.ms': String(retentionMs) }, partitions }
      } catch (error) {
        if (error instanceof MillraceError && error.code === 'TOPIC_MISSING') return undefined
        throw error
      }
    },
    async create(StreamName, ShardCount) {
      try {
        await client.send(new CreateStreamCommand({ StreamName, ShardCount }))
        return 'created'
      } catch (error) {
        if (nameOf(error) === 'ResourceInUseException') return 'there'
        throw fromKinesis(error, `making stream ${StreamName}`)
      }
    },
    async remove(StreamName) {
      try {
        await client.send(new DeleteStreamCommand({ StreamName }))
        return 'removed'
      } catch (error) {
        if (nameOf(error) === 'ResourceNotFoundException') return 'missing'
        throw fromKinesis(error, `removing stream ${StreamName}`)
      }
    },
    close: async () => client.destroy(),
  }
}
