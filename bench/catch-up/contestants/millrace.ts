// the worker, until caught up: Kafka to Delta, each record once, its progress in the commit

import { randomUUID } from 'node:crypto'
import { job, MILLRACE } from '../../src/contestant.ts'

const { output, services } = job()
const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output]
const options = ['--datasets', 'pin', '--group', `bench-${randomUUID()}`, '--until-caught-up', '--json']
process.chdir(output)
// In place of this process, so that nothing of it is measured but the start.
process.execve?.(process.execPath, [process.execPath, MILLRACE, 'stream', ...places, ...options], process.env)
