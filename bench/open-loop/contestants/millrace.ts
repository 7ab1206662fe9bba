// the worker: a commit every 100 ms, table maintenance beside it
import { watchWorker } from '../../latency/watch-worker.ts'
import { job, report } from '../../src/contestant.ts'
import { rateOf } from '../rates.ts'

const told = job()
report({ figures: await watchWorker(told, 's3', rateOf(told.variant)) })
