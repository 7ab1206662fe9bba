import { type Runtime, systemRuntime } from '@millrace/base'
import { runStream } from '@millrace/stream'
import { PINTEREST } from '@millrace/testkit'
import type { Orders, Outcome, Report } from '../worker-process.ts'

// The worker that people run, in a process of its own to which something can happen at a named point. Death is by
// SIGKILL, so that nothing is tidied, flushed or answered.

const orders = JSON.parse(process.argv[2] ?? '') as Orders
const report = (said: Report) => void (process.connected && process.send?.(said))

let clockOff = 0
const meet = (outcome: Outcome) => {
  if (outcome === 'dies') process.kill(process.pid, 'SIGKILL')
  else if (outcome === 'freezes') process.kill(process.pid, 'SIGSTOP')
  else clockOff += outcome.clockJumpsMs
}
const passed = new Map<string, number>()
const runtime: Runtime = {
  ...systemRuntime,
  now: () => systemRuntime.now() + clockOff,
  // Leases and table maintenance think in minutes; a test has seconds.
  monotonic: () => systemRuntime.monotonic() * orders.haste,
  sleep: (milliseconds, signal) => systemRuntime.sleep(milliseconds / orders.haste, signal),
  crashPoint(point) {
    const time = (passed.get(point) ?? 0) + 1
    passed.set(point, time)
    report({ passed: point })
    for (const event of orders.events) if (event.point === point && event.time === time) meet(event.outcome)
  },
}
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
// Nobody is left to stop it when the test is gone.
process.once('disconnect', () => process.exit())

await runStream(
  {
    source: orders.source,
    lake: orders.lake,
    ...(orders.outputs && { outputs: orders.outputs }),
    routes: [{ dataset: orders.dataset, topics: [orders.topic], table: orders.table }],
    datasetFolders: orders.datasetFolders ?? [PINTEREST.datasets],
    group: orders.group,
    start: 'earliest',
    limits: orders.limits,
    ...(orders.nullColumns && { nullColumns: { [orders.dataset]: orders.nullColumns } }),
    untilCaughtUp: orders.untilCaughtUp,
    onEvent(event) {
      if (event.what === 'waits') report({ waits: event.message })
      if (event.what === 'goes on') report({ waits: null })
      if (event.what === 'maintenance' && event.maintenance.outcome === 'failed')
        report({ failed: `${event.maintenance.task}: ${event.maintenance.error}` })
    },
  },
  runtime,
  stop.signal,
)
process.disconnect?.()
