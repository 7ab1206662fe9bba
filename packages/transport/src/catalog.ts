/** A topic or stream, as people and their tools ask about it. */
export interface TopicDescription {
  readonly name: string
  /** What the message system says of it, in its own words. */
  readonly configs: Readonly<Record<string, string>>
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionDescription[]
  /** Milliseconds since 1970, where it is known. */
  readonly createdAt?: number
  /** Takes records; a new one may have to wait. */
  readonly ready: boolean
}

export interface PartitionDescription {
  readonly id: string
  /** -1 while there is none. */
  readonly leader: number
  readonly replicas: readonly ReplicaDescription[]
  /** The hashes of keys that go there, where the message system tells. */
  readonly hashKeys?: { readonly from: bigint; readonly to: bigint }
}

interface ReplicaDescription {
  readonly broker: number
  readonly inSync: boolean
}

/** What topics there are, and the making and removing of them. */
export interface TopicCatalog {
  /** Those of the users, not those that the message system keeps for itself. */
  list(): Promise<string[]>
  describe(name: string): Promise<TopicDescription | undefined>
  /** `there` if it was there before. */
  create(name: string, partitions: number): Promise<'created' | 'there'>
  remove(name: string): Promise<'removed' | 'missing'>
  close(): Promise<void>
}
