import type { DatabaseSync } from 'node:sqlite'

type PartitionRow = [
  topic: string,
  id: number,
  identity: string,
  partitions: number,
  partition: number,
  start: number,
  next: number,
]

/** All partitions of the store, and where their records begin and end. */
export interface StoreContent {
  /** Differs whenever something was written in between. */
  readonly version: string
  readonly partitions: readonly PartitionRow[]
}

/** Returns a function that returns the content, or undefined where it is still that of a version. */
export function contentReader(db: DatabaseSync): (known: string) => StoreContent | undefined {
  // The one counts the commits of others, the other our own changes.
  const version = db.prepare('SELECT data_version, total_changes() AS own FROM pragma_data_version')
  const partitions = db.prepare(
    `SELECT topic.name, topic.id, topic.identity, topic.partitions, partition.partition, start_offset, next_offset
    FROM topic JOIN partition ON partition.topic = topic.id`,
  )
  partitions.setReturnArrays(true)
  return (known) => {
    // Read first: what is written between the two is seen again.
    const { data_version, own } = version.get() as { data_version: number; own: number }
    const now = `${data_version}/${own}`
    if (now === known) return undefined
    return { version: now, partitions: partitions.all() as unknown as PartitionRow[] }
  }
}
