import { MillraceError, parseWithBigints, refuseBomb } from '@millrace/base'
import type {
  Actions,
  AddFile,
  ChangeFile,
  CommitInfo,
  Metadata,
  Protocol,
  RemoveFile,
  Sidecar,
  Txn,
} from './actions.ts'
import {
  checkedAdd,
  checkedChangeFile,
  checkedMetadata,
  checkedProtocol,
  checkedRemove,
  checkedSidecar,
  checkedTxn,
  isObject,
} from './checked-action.ts'

/** Decodes a log entry; `where` names it in error messages. An empty entry is a version without actions. */
export function decodeActions(bytes: Uint8Array, where: string): Actions & { readonly sidecar: readonly Sidecar[] } {
  const decoded: Decoded = { add: [], remove: [], txn: [], cdc: [], sidecar: [] }
  const text = utf8.decode(bytes)
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, end)
    if (line.trim() !== '') decodeLine(line, decoded, where)
    start = end + 1
  }
  return decoded
}

const utf8 = new TextDecoder()

interface Decoded {
  protocol?: Protocol
  metaData?: Metadata
  commitInfo?: CommitInfo
  readonly add: AddFile[]
  readonly remove: RemoveFile[]
  readonly txn: Txn[]
  readonly cdc: ChangeFile[]
  readonly sidecar: Sidecar[]
}

function decodeLine(line: string, into: Decoded, where: string): void {
  const action = parseLine(line, where)
  if (isObject(action.add)) into.add.push(checkedAdd(action.add, where))
  else if (isObject(action.remove)) into.remove.push(checkedRemove(action.remove, where))
  else if (isObject(action.txn)) into.txn.push(checkedTxn(action.txn, where))
  else if (isObject(action.metaData)) into.metaData = checkedMetadata(action.metaData, where)
  else if (isObject(action.protocol)) into.protocol = checkedProtocol(action.protocol, where)
  else if (isObject(action.commitInfo)) into.commitInfo = action.commitInfo
  else if (isObject(action.cdc)) into.cdc.push(checkedChangeFile(action.cdc, where))
  else if (isObject(action.sidecar)) into.sidecar.push(checkedSidecar(action.sidecar, where))
}

const TXN_LINE = /^\s*\{\s*"txn"/

function parseLine(line: string, where: string): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    refuseBomb(line)
    parsed = TXN_LINE.test(line) ? parseWithBigints(line, ['version']) : JSON.parse(line)
  } catch (cause) {
    throw new MillraceError('TABLE_BROKEN', `${where} holds a line that is not JSON`, { cause })
  }
  if (isObject(parsed)) return parsed
  throw new MillraceError('TABLE_BROKEN', `${where} holds a line that is no action`)
}
