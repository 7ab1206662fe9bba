// the worker, until caught up: the archive to Delta
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { job, MILLRACE, report } from '../../src/contestant.ts'
import { ARCHIVE, INTO_DELTA } from '../cases.ts'

const { input, output, variant } = job()
if (variant !== INTO_DELTA) report({ unavailable: 'it reads what the others write' })
else {
  const places = ['--source', `archive:${join(input, ARCHIVE)}`, '--lake', output]
  const options = ['--datasets', 'pin', '--group', `bench-${randomUUID()}`]
  process.chdir(output)
  process.execve?.(
    process.execPath,
    [process.execPath, MILLRACE, 'stream', ...places, ...options, '--until-caught-up', '--json'],
    process.env,
  )
}
