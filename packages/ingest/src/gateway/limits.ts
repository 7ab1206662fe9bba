/** How long a gateway waits for clients and for the message system, and how much it holds for them meanwhile. */
export interface Limits {
  /** A client that is slower than this holds a connection for nothing. */
  readonly headersWithinMs: number
  readonly requestWithinMs: number
  /** Connections are looked through this often for such clients. */
  readonly lookEveryMs: number
  /** After this time a client gets an answer with an unknown outcome: its records may still become durable. */
  readonly answerWithinMs: number
  /** In memory at a time for all clients; beyond it they are asked to come again. */
  readonly heldBytes: number
  /** A body that comes more slowly for `slowAfterMs` is given up. */
  readonly bodyBytesPerSecond: number
  readonly slowAfterMs: number
  /** Connections at a time, of all clients and of one address. */
  readonly connections: number
  readonly connectionsOfOne: number
  /** A connection on which nothing moves is closed, longer than any answer takes. */
  readonly idleWithinMs: number
  /** A key file is looked at this often. */
  readonly keyFileEveryMs: number
}

export const LIMITS: Limits = {
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  lookEveryMs: 1_000,
  answerWithinMs: 30_000,
  heldBytes: 64 << 20,
  bodyBytesPerSecond: 8 << 10,
  slowAfterMs: 5_000,
  connections: 2_048,
  connectionsOfOne: 1_024,
  idleWithinMs: 75_000,
  keyFileEveryMs: 2_000,
}

/** What a request takes up beside its body, and a record beside its value, until they are answered. */
export const REQUEST_BYTES = 8 << 10
export const RECORD_BYTES = 512

/** One request has at most so many: more would take long to look at, while all others wait. */
export const MOST_RECORDS = 50_000

/** A new topic has at most so many: each costs every reader something. */
export const MOST_PARTITIONS = 256

/** An answer that is larger is counted while it waits for its client. */
export const LARGE_ANSWER_BYTES = 16 << 10
