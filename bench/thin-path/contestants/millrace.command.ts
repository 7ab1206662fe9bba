// the worker, until caught up: each record once, its progress in the commit
import { join } from 'node:path'
import { caughtUpWorker } from '../../src/contestant.ts'
import type { Job } from '../../src/contract.ts'

export function command({ input, output }: Job) {
  return caughtUpWorker(['--datasets', 'pin', '--source', `embedded:${join(input, 'stream.db')}`, '--lake', output])
}
