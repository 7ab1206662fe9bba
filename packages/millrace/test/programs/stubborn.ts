import { once } from 'node:events'
import { watchSignals } from '../../src/signals.ts'
import { createTerminal } from '../../src/terminal/terminal.ts'

// Says when it is ready and when it was asked to stop; then obeys, or never does.
const { signal, exitCode } = watchSignals(process)
const { line } = createTerminal(process, () => {})
const alive = setInterval(() => {}, 1000)
line('ready')
await once(signal, 'abort')
line('asked')
if (process.argv[2] === 'obeys') {
  clearInterval(alive)
  process.exitCode = exitCode()
}
