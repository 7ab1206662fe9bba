import type { HistoryPoint, WorkerState } from './state.ts'

export const MARK_EVERY_MS = 5_000

/** Name of the one line in the charts where there are many data sets. */
export const ALL = 'all data sets'

/** Half an hour. */
export const MOST_POINTS = 360

export function pointOf({ at, memory, held, datasets }: WorkerState): HistoryPoint {
  return {
    at,
    rssBytes: memory.rssBytes,
    heldBytes: held.bytes,
    datasets: datasets.map(({ dataset, rates, lag, lagBand, latency }) => ({
      dataset,
      rowsPerSecond: rates.rows,
      bytesPerSecond: rates.readBytes,
      lagRecords: lag.records,
      lagSeconds: lagBand.high,
      lagLowSeconds: lagBand.low,
      p50Ms: latency?.p50Ms,
      p99Ms: latency?.p99Ms,
    })),
  }
}
