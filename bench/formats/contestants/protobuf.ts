// the worker over Protobuf: each message made JSON text, then the same
import { runWorker } from '../run-worker.ts'

runWorker('protobuf')
