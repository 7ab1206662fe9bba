// the worker: a commit every 100 ms, table maintenance beside it
import { fileURLToPath } from 'node:url'
import { runWorker } from '../../latency/run-worker.ts'
import { job, report } from '../../src/contestant.ts'
import { caseOf } from '../cases.ts'
import { observe } from '../observe.ts'

const told = job()
const { where, ...rate } = caseOf(told.variant)
const folder = fileURLToPath(new URL('../datasets', import.meta.url))
const reading = { where, dataset: 'event', options: ['--dataset-folders', folder] } as const
report({
  figures: await runWorker(told, reading, (worker) => observe({ ...worker, ...rate, messages: told.size })),
})
