// the worker, until caught up: Kafka to a keyed Delta table, its progress in the commits
import { randomUUID } from 'node:crypto'
import { caughtUpWorker } from '../../src/contestant.ts'
import type { Job } from '../../src/contract.ts'

export function command({ input, output, services }: Job) {
  const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output, '--dataset-folders', input]
  return caughtUpWorker([...places, '--datasets', 'items', '--group', `bench-${randomUUID()}`])
}
