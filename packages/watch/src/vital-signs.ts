/**
 * Whether a data set moves. A batch under way has to move on within the bound: a stage ends, or a try fails and is
 * told. Without one, the source has to be asked.
 */
export interface VitalSigns {
  /** The source answered, if only that there is nothing. */
  asked(nowMs: number): void
  /** A batch under way moved on. */
  moved(nowMs: number): void
  /** How long nothing has moved that should have; undefined while that is within the bound. */
  stuckMs(batchesUnderWay: number, nowMs: number): number | undefined
}

/** Longer than any store or source takes to answer or to fail. */
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
