import { type Runtime, systemRuntime } from '@millrace/base'
import type { PipelineEvent, WorkerEvent } from '@millrace/stream'
import type { WorkerIdentity } from '../src/index.ts'

/** A clock that a test turns. */
export function handClock(at = Date.parse('2026-01-31T14:02:00Z')) {
  let passed = 0
  const runtime: Runtime = { ...systemRuntime, now: () => at + passed, monotonic: () => passed }
  return {
    runtime,
    pass(ms: number) {
      passed += ms
    },
  }
}

export const WORKER: WorkerIdentity = {
  id: 'host-1-abc',
  group: 'millrace',
  host: 'host',
  pid: 1,
  version: '0.1.0',
  startedAt: Date.parse('2026-01-31T14:00:00Z'),
  source: 'kafka://localhost:9092',
  lake: 's3://bucket/lake',
}

export const PARTITION = { topic: 'pin', identity: 'id', id: '0' }

export const STARTED: WorkerEvent = {
  what: 'started',
  datasets: [{ dataset: 'pin', table: 'pin', topics: ['pin'] }],
  mostBytesHeld: 160 << 20,
}

/** What is told of the data set `pin`. */
export const pin = {
  assigned: { dataset: 'pin', what: 'assigned', partitions: [PARTITION] },
  idle: { dataset: 'pin', what: 'idle', partition: PARTITION },
  batch: { dataset: 'pin', what: 'batch', records: 100, bytes: 1000 },
  released: { dataset: 'pin', what: 'released', bytes: 1000, blocks: new Map([[PARTITION, 1]]) },
  waits: {
    dataset: 'pin',
    what: 'waits',
    code: 'STORE_FAILED',
    message: 's3://bucket/lake: put x failed: HTTP 503, SlowDown',
  },
  goesOn: { dataset: 'pin', what: 'goes on' },
} as const satisfies Record<string, PipelineEvent>

/** An anchor, an output that is down and behind it, and one that is detached. */
export const OUTPUTS: WorkerEvent = {
  what: 'outputs',
  dataset: 'pin',
  outputs: [
    { output: 'pin', address: 'delta', isAnchor: true, behind: 0, partitionsBehind: 0 },
    {
      ...{ output: 'public.pin', address: 'postgres://loader@db.example/posts', isAnchor: false },
      ...{ behind: 1200, partitionsBehind: 1 },
      failure: { at: 0, code: 'STORE_FAILED', message: 'PostgreSQL at db.example: connection refused', lasts: true },
    },
    {
      ...{ output: 'cassandra://node/posts', address: 'cassandra://node/posts', isAnchor: false },
      ...{ behind: undefined, partitionsBehind: 0, isDetached: true },
    },
  ],
}

export function read(firstTime: number, unread: number, bytes = 1000): PipelineEvent {
  return {
    ...{ dataset: 'pin', what: 'read', partition: PARTITION, records: 100, bytes, ms: 5 },
    firstTime,
    behind: { records: unread },
  }
}

export function committed(news: Partial<Extract<PipelineEvent, { what: 'committed' }>> = {}): PipelineEvent {
  return {
    ...{ dataset: 'pin', what: 'committed', version: 7, rows: 100, filtered: 0, quarantined: 0, bytes: 1000 },
    ...{ files: 1, fileBytes: 500, agesMs: [400, 600], lastTime: 0, reasons: new Map(), samples: [] },
    ...news,
  }
}
