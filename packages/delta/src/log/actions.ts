import { exactNumber } from '@millrace/base'

/** The actions of the Delta protocol, as they stand in a log entry. */
export interface Protocol {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures?: readonly string[] | null
  readonly writerFeatures?: readonly string[] | null
}

export interface Metadata {
  readonly id: string
  readonly name?: string
  readonly description?: string
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> }
  readonly schemaString: string
  readonly partitionColumns: readonly string[]
  readonly configuration: Readonly<Record<string, string>>
  readonly createdTime?: number
}

export type PartitionValues = Readonly<Record<string, string | null>>

/** Location of the deletion vector: the row numbers that a file has lost since it was written. */
export interface DeletionVector {
  /** u: a file named by a UUID; p: a file named by its path; i: inline. */
  readonly storageType: 'u' | 'p' | 'i'
  readonly pathOrInlineDv: string
  readonly offset?: number | null
  readonly sizeInBytes: number
  readonly cardinality: number
}

export interface AddFile {
  /** Relative to the table and URL-encoded, or absolute. */
  readonly path: string
  readonly partitionValues: PartitionValues
  readonly size: number
  readonly modificationTime: number
  readonly dataChange: boolean
  readonly stats?: string | null
  readonly tags?: Readonly<Record<string, string>> | null
  readonly deletionVector?: DeletionVector | null
}

export interface RemoveFile {
  readonly path: string
  readonly deletionTimestamp?: number
  readonly dataChange: boolean
  readonly extendedFileMetadata?: boolean
  readonly partitionValues?: PartitionValues
  readonly size?: number
  readonly deletionVector?: DeletionVector | null
}

/** A file of changed rows, for readers of the change data feed. It is no part of the table. */
export interface ChangeFile {
  readonly path: string
  readonly partitionValues: PartitionValues
  readonly size: number
  readonly dataChange: false
}

/** Up to 63 bits, so never a JavaScript number. */
export interface Txn {
  readonly appId: string
  readonly version: bigint
  readonly lastUpdated?: number
}

/** A Parquet file with adds and removes; only checkpoints have it. */
export interface Sidecar {
  readonly path: string
}

export type CommitInfo = Readonly<Record<string, unknown>>

export interface Actions {
  readonly protocol?: Protocol
  readonly metaData?: Metadata
  readonly add: readonly AddFile[]
  readonly remove: readonly RemoveFile[]
  readonly txn: readonly Txn[]
  readonly cdc?: readonly ChangeFile[]
  readonly commitInfo?: CommitInfo
}

export function encodeActions(actions: Actions): Uint8Array {
  const lines: string[] = []
  if (actions.commitInfo) lines.push(JSON.stringify({ commitInfo: actions.commitInfo }))
  if (actions.protocol) lines.push(JSON.stringify({ protocol: actions.protocol }))
  if (actions.metaData) lines.push(JSON.stringify({ metaData: actions.metaData }))
  for (const txn of actions.txn) {
    lines.push(JSON.stringify({ txn: { ...txn, version: exactNumber(txn.version) } }))
  }
  for (const remove of actions.remove) lines.push(JSON.stringify({ remove }))
  for (const add of actions.add) lines.push(JSON.stringify({ add }))
  for (const cdc of actions.cdc ?? []) lines.push(JSON.stringify({ cdc }))
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}
