import { join } from 'node:path'
import { job, MILLRACE } from '../src/contestant.ts'

/** Runs the worker over the messages of one format, in place of this process. */
export function runWorker(format: 'json' | 'avro' | 'protobuf'): void {
  const { input, output } = job()
  const source = `embedded:${join(input, `${format}.db`)}`
  const options = ['--datasets', 'pin', '--dataset-folders', join(input, format), '--source', source, '--lake', output]
  process.chdir(output)
  process.execve?.(
    process.execPath,
    [process.execPath, MILLRACE, 'stream', ...options, '--until-caught-up', '--json'],
    process.env,
  )
}
