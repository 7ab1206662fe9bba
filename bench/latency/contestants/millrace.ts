// the worker: a commit every 100 ms, table maintenance beside it
import { job, report } from '../../src/contestant.ts'
import { observe } from '../observe.ts'
import { runWorker } from '../run-worker.ts'
import { PER_SECOND } from '../steady-feed.ts'

const told = job()
const { input, size } = told
const where = told.variant === 's3' ? 's3' : 'folder'
report({
  figures: await runWorker(told, { where, dataset: 'pin' }, (worker) =>
    observe({ ...worker, input, size, perSecond: PER_SECOND }),
  ),
})
