import { type BatchOptions, runBatch } from '../../src/index.ts'
import { crashingAt } from '../kit.ts'

/** Runs a batch and kills itself at a crash point. */
const [options, point] = process.argv.slice(2)
const kill = () => process.kill(process.pid, 'SIGKILL')
const reported = JSON.parse(options ?? '{}') as BatchOptions
await runBatch(reported, crashingAt(point ?? '', kill), new AbortController().signal)
