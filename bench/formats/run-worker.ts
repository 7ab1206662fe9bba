import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { job } from '../src/contestant.ts'

const MAIN = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))

/** Runs the worker over the messages of one format, in place of this process. */
export function runWorker(format: 'json' | 'avro' | 'protobuf'): void {
  const { input, output } = job()
  const source = `embedded:${join(input, `${format}.db`)}`
  const options = ['--datasets', 'pin', '--dataset-folders', join(input, format), '--source', source, '--lake', output]
  process.chdir(output)
  process.execve?.(
    process.execPath,
    [process.execPath, MAIN, 'stream', ...options, '--until-caught-up', '--json'],
    process.env,
  )
}
