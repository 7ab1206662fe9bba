import type { Partition, Position } from '@millrace/transport'

/** What one batch does to a partition: it moves it from one position to another. */
export interface Advance {
  readonly partition: Partition
  readonly from: Position
  readonly to: Position
  readonly records: number
}
