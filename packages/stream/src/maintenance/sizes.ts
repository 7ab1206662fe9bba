import type { Runtime } from '@millrace/base'
import type { Output, OutputSize } from '@millrace/outputs'

const AT_MOST_EVERY_MS = 5_000

/** Maximum share of the time spent on adding up the files of tables. */
const SHARE = 1 / 500

/** Reports how large outputs are, as often as it costs next to nothing. One that is not there yet is not reported. */
export function sizeReporter(runtime: Runtime, report: (size: OutputSize) => void): (output: Output) => void {
  const dueAt = new Map<Output, number>()
  return (output) => {
    const begun = runtime.monotonic()
    if (begun < (dueAt.get(output) ?? 0)) return
    const size = output.describe()
    if (size.version >= 0) report(size)
    const took = runtime.monotonic() - begun
    dueAt.set(output, begun + Math.max(AT_MOST_EVERY_MS, took / SHARE))
  }
}
