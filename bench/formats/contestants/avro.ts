// the worker over Avro: each message read into columns, then the same
import { runWorker } from '../run-worker.ts'

runWorker('avro')
