import type { StreamTotals, WorkerEvent } from '@millrace/stream'

/** Reports what a worker does to the user who started it. */
export interface Reporter {
  on(event: WorkerEvent): void
  /** Prints a note, such as the address of the dashboard. */
  say(words: string): void
  warn(words: string): void
  ended(totals: StreamTotals, seconds: number): void
  /** Ends the reporting. */
  close(): void
}
