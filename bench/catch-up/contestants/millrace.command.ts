// the worker, until caught up: Kafka to Delta, each record once, its progress in the commit
import { randomUUID } from 'node:crypto'
import { caughtUpWorker } from '../../src/contestant.ts'
import type { Job } from '../../src/contract.ts'

export function command({ output, services }: Job) {
  const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output]
  return caughtUpWorker([...places, '--datasets', 'pin', '--group', `bench-${randomUUID()}`])
}
