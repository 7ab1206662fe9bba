// the worker, until caught up: Kafka to a keyed Delta table, its progress in the commits

import { randomUUID } from 'node:crypto'
import { job, MILLRACE } from '../../src/contestant.ts'

const { input, output, services } = job()
const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output, '--dataset-folders', input]
const options = ['--datasets', 'items', '--group', `bench-${randomUUID()}`, '--until-caught-up', '--json']
process.chdir(output)
process.execve?.(process.execPath, [process.execPath, MILLRACE, 'stream', ...places, ...options], process.env)
