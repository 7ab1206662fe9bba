import type { StreamTotals, WorkerEvent } from '@millrace/stream'

/** Tells whoever started a worker what it does. */
export interface Reporter {
  on(event: WorkerEvent): void
  /** What feeds the worker, or where it can be looked at. */
  say(words: string): void
  ended(totals: StreamTotals, seconds: number): void
  /** Nothing more is told. */
  close(): void
}
