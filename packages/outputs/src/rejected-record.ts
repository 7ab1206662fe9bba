/** A record that may not enter its table, with all that is needed to look at it and to try it again. */
export interface RejectedRecord {
  /** The group that read it. */
  readonly pipeline: string
  readonly topic: string
  readonly identity: string
  readonly partition: string
  /** The source's name of the record. */
  readonly offset: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly reason: string
  /** An unrecognized record is of no data set's kind: no rules are for it, so it is not replayed. */
  readonly state: 'bad' | 'unrecognized'
  readonly value: Uint8Array | null
  /** The message's key, where the data set or its format reads keys. */
  readonly key: Uint8Array | null
}

/**
 * Rejected records, each made when it is asked for: together they would take far more memory than the batch, of which
 * any number may be empty.
 */
export interface RejectedRecords extends Iterable<RejectedRecord> {
  readonly length: number
}
