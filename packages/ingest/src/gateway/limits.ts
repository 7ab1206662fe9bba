/** How long a gateway waits for clients and for the message system, and how much it holds for them meanwhile. */
export interface Limits {
  /** A client that is slower than this holds a connection for nothing. */
  readonly headersWithinMs: number
  readonly requestWithinMs: number
  /** Connections are looked through this often for such clients. */
  readonly lookEveryMs: number
  /** After this a client is told that nobody knows; its records may still become durable. */
  readonly answerWithinMs: number
  /** In memory at a time for others; beyond it they are asked to come again. */
  readonly heldBytes: number
}

export const LIMITS: Limits = {
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  lookEveryMs: 1_000,
  answerWithinMs: 30_000,
  heldBytes: 256 << 20,
}
