import { enableCompileCache } from 'node:module'
import { PINTEREST } from '@millrace/testkit'

// As the command does it.
enableCompileCache()
process.env.UV_THREADPOOL_SIZE ??= '16'
const { randomUUID } = await import('node:crypto')
const { systemRuntime } = await import('@millrace/base')
const { findRoutes, runStream } = await import('@millrace/stream')
const { job } = await import('../src/contestant.ts')

const { output, services } = job()
const source = `kafka://${services.kafka?.bootstrap}`
const options = {
  source,
  lake: output,
  routes: await findRoutes(source, { datasets: ['pin'] }),
  datasetFolders: [PINTEREST.datasets],
  group: `bench-${randomUUID()}`,
  start: 'earliest' as const,
  limits: { maxBytes: 24 << 20, maxRows: 500_000, everyMs: 10_000 },
  untilCaughtUp: true,
}
await runStream(options, systemRuntime, new AbortController().signal)
