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
    routes: [{ dataset: 'user', topics: [orders.topic], table: 'user' }],
    datasetFolders: [],
    group: orders.group,
    start: 'earliest',
    limits: orders.limits,
    untilCaughtUp: orders.untilCaughtUp,
    onCare: ({ did, error }) => report({ care: did, failed: error === undefined ? null : String(error) }),
    onWaiting: (_, reason) => report({ waiting: reason?.message ?? null }),
  },
  runtime,
  stop.signal,
)
process.disconnect?.()
