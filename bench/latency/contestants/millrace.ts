// the worker: a commit every 100 ms, table maintenance beside it
import { job, report } from '../../src/contestant.ts'
import { PER_SECOND } from '../steady-feed.ts'
import { watchWorker } from '../watch-worker.ts'

const told = job()
report({ figures: await watchWorker(told, told.variant === 's3' ? 's3' : 'folder', PER_SECOND) })
