import { systemRuntime } from '@millrace/base'
import { peakMemory } from '@millrace/testkit'
import type { Cluster } from '../../src/kafka/cluster.ts'
import { createReader } from '../../src/kafka/fetch/reader.ts'
import type { Offsets } from '../../src/kafka/offsets.ts'

/** Reads so many partitions at once as a worker does, some blocks in all, and says what memory that took. */
const [port, identity, partitions, blocks, bound] = process.argv.slice(2) as [string, string, string, string, string]
const leader = { host: '127.0.0.1', port: Number(port) }
const topic = {
  name: 'pins',
  identity,
  fetchedAs: { id: Buffer.from(identity, 'hex') },
  partitions: Array.from({ length: Number(partitions) }, () => ({ leader, leaderEpoch: 5 })),
}
const cluster = { knownTopic: async () => topic, forget: () => {} } as Partial<Cluster> as Cluster
const reader = createReader(cluster, {} as Offsets, {}, systemRuntime)
const stop = new AbortController()
let held = 0
let left = Number(blocks)

await Promise.all(
  topic.partitions.map(async (_, id) => {
    for (let at: readonly bigint[] = [0n]; !stop.signal.aborted; ) {
      let claimed = 0
      const room = {
        get open() {
          return held < Number(bound)
        },
        opened: () => systemRuntime.sleep(10),
        claim(bytes: number) {
          held += bytes
          claimed += bytes
        },
      }
      const options = { maxBytes: 24 << 20, waitMs: 1_000, signal: stop.signal, room }
      const block = await reader.read({ topic: 'pins', identity, id: String(id) }, at, options)
      if (block) {
        at = block.to
        if (--left === 0) stop.abort()
        // A commit takes its time, and only then is there room again.
        await systemRuntime.sleep(100)
      }
      held -= claimed
    }
  }),
)
reader.close()
process.stdout.write(String(peakMemory()))
