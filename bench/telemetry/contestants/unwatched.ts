// the worker alone: nobody listens to its events
import { fileURLToPath } from 'node:url'
import { worker } from '../worker.ts'

await worker([fileURLToPath(new URL('../unwatched-worker.ts', import.meta.url)), process.argv[2] ?? ''])
