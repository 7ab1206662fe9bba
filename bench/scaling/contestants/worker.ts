// a worker that catches up with 10,000 raw pins in 10 to 1,000 partitions of a real Kafka, from its start to its end; may grow with them
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { findRoutes, runStream } from '@millrace/stream'
import { PINTEREST } from '@millrace/testkit'
import { fileInKafka } from '../../pins/in-kafka.ts'
import { job } from '../../src/contestant.ts'
import { measureGrowth } from '../growth.ts'
import { rawPins } from '../raw-pins.ts'

const RECORDS = 10_000

const bootstrap = job().services.kafka?.bootstrap ?? ''
const source = `kafka://${bootstrap}`

await measureGrowth(async (size, folder) => {
  const partitions = Math.ceil(size / 100)
  const topic = `pins-${partitions}-${randomUUID()}`
  const file = join(folder, 'pins.jsonl')
  await writeFile(file, (await rawPins(RECORDS)).join(''))
  await fileInKafka(bootstrap, { topic, partitions, dataset: 'pin', file })
  const routes = await findRoutes(source, { datasets: ['pin'], topics: { pin: [topic] } })
  return async () => {
    const options = {
      ...{ source, routes, datasetFolders: [PINTEREST.datasets], untilCaughtUp: true },
      lake: join(folder, randomUUID()),
      group: randomUUID(),
      start: 'earliest' as const,
      limits: { maxBytes: 24 << 20, maxRows: 500_000, everyMs: 10_000 },
    }
    await runStream(options, systemRuntime, new AbortController().signal)
  }
}, 5)
