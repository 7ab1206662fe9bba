/**
 * Detects a data set without progress. A batch in flight must finish a stage or report a failed try within the bound.
 * Without a batch in flight, the source must be polled within the bound.
 */
export interface VitalSigns {
  /** Records that the source answered, with or without records. */
  asked(nowMs: number): void
  /** Records that a batch made progress. */
  moved(nowMs: number): void
  /** Returns how long there has been no progress, or undefined while that is within the bound. */
  stuckMs(batchesUnderWay: number, nowMs: number): number | undefined
}

/** Bound that is longer than any store or source takes to answer or to fail. */
export const STUCK_AFTER_MS = 5 * 60_000

export function vitalSigns(begunMs: number, stuckAfterMs: number): VitalSigns {
  let [lastAsked, lastMoved] = [begunMs, begunMs]
  return {
    asked(nowMs) {
      lastAsked = nowMs
    },
    moved(nowMs) {
      lastMoved = nowMs
    },
    stuckMs(batchesUnderWay, nowMs) {
      const still = nowMs - (batchesUnderWay > 0 ? lastMoved : Math.max(lastAsked, lastMoved))
      return still > stuckAfterMs ? still : undefined
    },
  }
}
