// the worker over JSON: messages are what the engine reads
import { workerOver } from '../run-worker.ts'

export const command = workerOver('json')
