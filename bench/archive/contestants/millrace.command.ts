// the worker, until caught up: Kafka to an archive of lines; for the second case Kafka to Delta
import { randomUUID } from 'node:crypto'
import { caughtUpWorker } from '../../src/contestant.ts'
import type { Job } from '../../src/contract.ts'
import { INTO_ARCHIVE } from '../cases.ts'

export function command({ output, services, variant }: Job) {
  const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output]
  const to = variant === INTO_ARCHIVE ? ['--to', `archive:${output}`] : []
  return caughtUpWorker([...places, ...to, '--datasets', 'pin', '--group', `bench-${randomUUID()}`])
}
