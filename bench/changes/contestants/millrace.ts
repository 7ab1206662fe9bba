// the worker, until caught up: Kafka to a keyed Delta table, its progress in the commits

import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { job } from '../../src/contestant.ts'

const { input, output, services } = job()
const main = fileURLToPath(new URL('../../../packages/millrace/src/main.ts', import.meta.url))
const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', output, '--dataset-folders', input]
const options = ['--datasets', 'items', '--group', `bench-${randomUUID()}`, '--until-caught-up', '--json']
process.chdir(output)
process.execve?.(process.execPath, [process.execPath, main, 'stream', ...places, ...options], process.env)
