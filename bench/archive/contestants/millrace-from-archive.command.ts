// the worker, until caught up: the archive to Delta
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { caughtUpWorker } from '../../src/contestant.ts'
import type { Job } from '../../src/contract.ts'
import { ARCHIVE, INTO_DELTA } from '../cases.ts'

export function command({ input, output, variant }: Job) {
  if (variant !== INTO_DELTA) return { unavailable: 'it reads what the others write' }
  const places = ['--source', `archive:${join(input, ARCHIVE)}`, '--lake', output]
  return caughtUpWorker([...places, '--datasets', 'pin', '--group', `bench-${randomUUID()}`])
}
