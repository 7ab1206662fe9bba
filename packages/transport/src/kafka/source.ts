import type { Runtime } from '@millrace/base'
import type { Partition, Source, SourceOptions } from '../source.ts'
import { parseKafkaAddress } from './address.ts'
import { openCluster } from './cluster.ts'
import { createOffsets } from './offsets.ts'
import { createReader } from './reader.ts'

const ANSWER_WITHIN_MS = 15_000

export function kafkaSource(address: string, runtime: Runtime, _options: SourceOptions): Source {
  const target = parseKafkaAddress(address, process.env)
  const cluster = openCluster(target, ANSWER_WITHIN_MS)
  const offsets = createOffsets(cluster)
  const reader = createReader(cluster, offsets, target.security, runtime)
  return {
    url: address,
    async subscribe(topics, { assigned }) {
      const found = await cluster.topics(topics)
      await assigned(
        found.flatMap(({ name, identity, partitions }) =>
          partitions.map((_, id): Partition => ({ topic: name, identity, id: String(id) })),
        ),
      )
    },
    resolve: offsets.resolve,
    end: offsets.end,
    read: reader.read,
    async acknowledge() {},
    async close() {
      reader.close()
      await cluster.close()
    },
  }
}
