// the worker over Protobuf: each message read into columns, then the same
import { runWorker } from '../run-worker.ts'

runWorker('protobuf')
