// the worker over Avro: each message read into columns, then the same
import { workerOver } from '../run-worker.ts'

export const command = workerOver('avro')
