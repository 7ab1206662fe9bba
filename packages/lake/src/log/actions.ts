import { exactNumber, MillraceError, parseWithBigints } from '@millrace/base'
import type { StructType } from './schema.ts'

/** The actions of the Delta protocol, as they stand in a log entry. */
export interface Protocol {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures?: readonly string[]
  readonly writerFeatures?: readonly string[]
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

export interface AddFile {
  /** Relative to the table and URL-encoded, or absolute. */
  readonly path: string
  readonly partitionValues: Readonly<Record<string, string | null>>
  readonly size: number
  readonly modificationTime: number
  readonly dataChange: boolean
  readonly stats?: string
  readonly tags?: Readonly<Record<string, string>> | null
}

export interface RemoveFile {
  readonly path: string
  readonly deletionTimestamp?: number
  readonly dataChange: boolean
  readonly extendedFileMetadata?: boolean
  readonly partitionValues?: Readonly<Record<string, string | null>>
  readonly size?: number
}

/** Up to 63 bits, so never a JavaScript number. */
export interface Txn {
  readonly appId: string
  readonly version: bigint
  readonly lastUpdated?: number
}

export type CommitInfo = Readonly<Record<string, unknown>>

export interface Actions {
  readonly protocol?: Protocol
  readonly metaData?: Metadata
  readonly add: readonly AddFile[]
  readonly remove: readonly RemoveFile[]
  readonly txn: readonly Txn[]
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
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}

/** `where` names the entry, for the message when it is damaged. */
export function decodeActions(bytes: Uint8Array, where: string): Actions {
  const decoded = { add: [] as AddFile[], remove: [] as RemoveFile[], txn: [] as Txn[] } as Mutable<Actions>
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line.trim() !== '') decodeLine(line, decoded, where)
  }
  return decoded
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

function decodeLine(line: string, into: Mutable<Actions>, where: string): void {
  let action: Record<string, unknown>
  try {
    action = (line.startsWith('{"txn"') ? parseWithBigints(line, ['version']) : JSON.parse(line)) as Record<
      string,
      unknown
    >
  } catch (cause) {
    throw new MillraceError('TABLE_BROKEN', `${where} holds a line that is not JSON`, { cause })
  }
  if (action.add) into.add.push(action.add as AddFile)
  else if (action.remove) into.remove.push(action.remove as RemoveFile)
  else if (action.txn) into.txn.push(asTxn(action.txn as Txn & { version: bigint | number }))
  else if (action.metaData) into.metaData = action.metaData as Metadata
  else if (action.protocol) into.protocol = action.protocol as Protocol
  else if (action.commitInfo) into.commitInfo = action.commitInfo as CommitInfo
}

function asTxn(txn: Txn & { version: bigint | number }): Txn {
  return { ...txn, version: BigInt(txn.version) }
}

export function schemaOf(metadata: Metadata): StructType {
  return JSON.parse(metadata.schemaString) as StructType
}
