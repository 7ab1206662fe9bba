/** A topic or stream, as people and their tools ask about it. */
export interface TopicDescription {
  readonly name: string
  /** The topic's settings, under the message system's own names. */
  readonly configs: Readonly<Record<string, string>>
  /** Sorted by number. */
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
  /** The range of key hashes that go there, where the message system gives one. */
  readonly hashKeys?: { readonly from: bigint; readonly to: bigint }
}

/** Something that is checked of a message system beside its topics. */
export interface CatalogFinding {
  readonly check: string
  readonly detail: string
  /** What to do, where it is a problem. */
  readonly next?: string
}

interface ReplicaDescription {
  readonly broker: number
  readonly inSync: boolean
}

/** Lists, describes, creates and removes topics. */
export interface TopicCatalog {
  /** Returns the users' topics, without the message system's internal ones. */
  list(): Promise<string[]>
  describe(name: string): Promise<TopicDescription | undefined>
  /** Looks at what a worker needs of the system and what it has left there, where there is anything of that kind. */
  findings?(): Promise<readonly CatalogFinding[]>
  /** `there` if it was there before. */
  create(name: string, partitions: number): Promise<'created' | 'there'>
  remove(name: string): Promise<'removed' | 'missing'>
  close(): Promise<void>
}
