import type { Partition, Position } from '@millrace/transport'

/** A partition's progress in one batch: from one position to another. */
export interface Advance {
  readonly partition: Partition
  readonly from: Position
  readonly to: Position
  readonly messages: number
  /** As many as messages, unless a message holds several. */
  readonly records: number
}
