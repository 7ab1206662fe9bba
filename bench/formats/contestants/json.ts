// the worker over JSON: messages are what the engine reads
import { runWorker } from '../run-worker.ts'

runWorker('json')
