import { join } from 'node:path'
import { caughtUpWorker } from '../src/contestant.ts'
import type { Command, Job } from '../src/contract.ts'

/** Returns the worker over the messages of one format. */
export function workerOver(format: 'json' | 'avro' | 'protobuf'): (job: Job) => Command {
  return ({ input, output }) => {
    const places = ['--dataset-folders', join(input, format), '--source', `embedded:${join(input, `${format}.db`)}`]
    return caughtUpWorker(['--datasets', 'pin', ...places, '--lake', output])
  }
}
