// the worker, until caught up: Kafka to an archive of lines; for the second case Kafka to Delta
import { randomUUID } from 'node:crypto'
import { job, MILLRACE } from '../../src/contestant.ts'
import { INTO_ARCHIVE } from '../cases.ts'

const { output, services, variant } = job()
const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output]
const to = variant === INTO_ARCHIVE ? ['--to', `archive:${output}`] : []
const options = ['--datasets', 'pin', '--group', `bench-${randomUUID()}`]
process.chdir(output)
// In place of this process, so that nothing of it is measured but the start.
process.execve?.(
  process.execPath,
  [process.execPath, MILLRACE, 'stream', ...places, ...to, ...options, '--until-caught-up', '--json'],
  process.env,
)
