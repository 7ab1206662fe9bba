// the worker over Protobuf: each message read into columns, then the same
import { workerOver } from '../run-worker.ts'

export const command = workerOver('protobuf')
