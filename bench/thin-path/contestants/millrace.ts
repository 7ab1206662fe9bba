// the worker, until caught up: each record once, its progress in the commit
import { join } from 'node:path'
import { job, MILLRACE } from '../../src/contestant.ts'

const { input, output } = job()
const source = `embedded:${join(input, 'stream.db')}`
const options = ['--datasets', 'pin', '--source', source, '--lake', output, '--until-caught-up', '--json']
process.chdir(output)
// In place of this process, so that nothing of it is measured but the start.
process.execve?.(process.execPath, [process.execPath, MILLRACE, 'stream', ...options], process.env)
