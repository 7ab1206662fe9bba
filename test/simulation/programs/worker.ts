import { type Runtime, systemRuntime } from '@millrace/base'
import { runStream } from '@millrace/stream'
import type { Orders, Report } from '../worker-process.ts'

// The worker that people run, in a process of its own that can be told to die at a named point: by SIGKILL, so
// that nothing of it is tidied, flushed or answered.

const orders = JSON.parse(process.argv[2] ?? '') as Orders
const report = (said: Report) => void (process.connected && process.send?.(said))

let left = orders.dieAt?.time ?? 0
const runtime: Runtime = {
  ...systemRuntime,
  // Leases and table care think in minutes; a test has seconds.
  monotonic: () => systemRuntime.monotonic() * orders.haste,
  sleep: (milliseconds, signal) => systemRuntime.sleep(milliseconds / orders.haste, signal),
  crashPoint(point) {
    if (point === orders.dieAt?.point && --left === 0) process.kill(process.pid, 'SIGKILL')
    report({ passed: point })
  },
}
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())

await runStream(
  {
    source: orders.source,
    lake: orders.lake,
    routes: [{ dataset: orders.dataset, topics: [orders.topic], table: orders.table }],
    datasetFolders: [],
    group: orders.group,
    start: 'earliest',
    limits: orders.limits,
    untilCaughtUp: orders.untilCaughtUp,
    onEvent(event) {
      if (event.what === 'waits') report({ waits: event.message })
      if (event.what === 'goes on') report({ waits: null })
      if (event.what === 'care' && event.care.outcome === 'failed')
        report({ failed: `${event.care.chore}: ${event.care.error}` })
    },
  },
  runtime,
  stop.signal,
)
process.disconnect?.()
