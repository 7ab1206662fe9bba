import type { AddFile, ChangeFile, CommitInfo, Metadata, Protocol, RemoveFile, Txn } from '../log/actions.ts'
import type { Snapshot } from '../read/snapshot.ts'
import type { Instant } from './age.ts'

export interface Transaction {
  readonly operation: string
  /** The operation's parameters, for the history. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly add?: readonly AddFile[]
  readonly remove?: readonly RemoveFile[]
  /** All rows that it changes. None: readers find them by the files that come and go. */
  readonly cdc?: readonly ChangeFile[]
  readonly txn?: readonly Txn[]
  readonly metadata?: Metadata
  readonly protocol?: Protocol
  /** Kept in the commit for auditors; other engines look for it under `userMetadata`. */
  readonly info?: CommitInfo
  /** Whether a file would have been read, had it been there. Absent: the rows rest on nothing in the table. */
  readonly reads?: (file: AddFile) => boolean
  /** Whether files of writers that read nothing may come all the same, as `WriteSerializable` allows. */
  readonly toleratesAppends?: boolean
  /** Progress of others that it rests on, by application: a conflict where another writer has moved it. */
  readonly readsTxns?: readonly string[]
  /** Looks at the newest state before each try: false means that the commit must not be made any more. */
  readonly fence?: (latest: Snapshot) => boolean
  /** When the first of the files was begun, where the files can't say: they are not new. */
  readonly since?: Instant
}
