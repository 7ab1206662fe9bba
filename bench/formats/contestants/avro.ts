// the worker over Avro: each message made JSON text, then the same
import { runWorker } from '../run-worker.ts'

runWorker('avro')
