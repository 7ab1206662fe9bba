/** A table as the log describes it: its columns are those that it had at the time of the changes that follow. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** default, nothing, full, or by an index. */
  readonly identity: 'd' | 'n' | 'f' | 'i'
  readonly columns: readonly RelationColumn[]
}

export interface RelationColumn {
  readonly name: string
  /** The type's number. */
  readonly type: number
  /** Whether it is of the key that finds a row. */
  readonly isKey: boolean
}

/** The values of a row as texts. Undefined: a large value that the change has left alone, which is not in the log. */
export type Tuple = readonly (string | null | undefined)[]

export interface OldTuple {
  /** Whether only the key's columns have values. */
  readonly isKeyOnly: boolean
  readonly values: Tuple
}

export type LogMessage =
  | { readonly what: 'begin'; readonly commit: bigint; readonly time: number; readonly xid: number }
  | { readonly what: 'commit'; readonly end: bigint }
  | { readonly what: 'relation'; readonly relation: Relation }
  | {
      readonly what: 'change'
      readonly op: 'c' | 'u' | 'd'
      readonly oid: number
      readonly before: OldTuple | undefined
      readonly after: Tuple | undefined
    }
  | { readonly what: 'truncate'; readonly oids: readonly number[] }
  | { readonly what: 'other' }

/** From 1970 to 2000, where PostgreSQL's time begins. */
const EPOCH_MS = 946_684_800_000

/** Reads one message of pgoutput, in the first version of its protocol. */
export function readMessage(bytes: Buffer): LogMessage {
  const from = { bytes, at: 1 }
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case 'B':
      return {
        what: 'begin',
        commit: bytes.readBigUInt64BE(1),
        time: EPOCH_MS + Number(bytes.readBigInt64BE(9) / 1000n),
        xid: bytes.readUInt32BE(17),
      }
    case 'C':
      return { what: 'commit', end: bytes.readBigUInt64BE(10) }
    case 'R':
      return { what: 'relation', relation: readRelation(from) }
    case 'I': {
      const oid = int32(from)
      from.at++
      return { what: 'change', op: 'c', oid, before: undefined, after: readTuple(from) }
    }
    case 'U': {
      const oid = int32(from)
      const before = readOld(from)
      from.at++
      return { what: 'change', op: 'u', oid, before, after: readTuple(from) }
    }
    case 'D': {
      const oid = int32(from)
      return { what: 'change', op: 'd', oid, before: readOld(from), after: undefined }
    }
    case 'T': {
      const count = int32(from)
      from.at++
      return { what: 'truncate', oids: Array.from({ length: count }, () => int32(from)) }
    }
    default:
      // Types, origins and messages of the log.
      return { what: 'other' }
  }
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function int32(from: Cursor): number {
  const value = from.bytes.readUInt32BE(from.at)
  from.at += 4
  return value
}

function int16(from: Cursor): number {
  const value = from.bytes.readUInt16BE(from.at)
  from.at += 2
  return value
}

function letter(from: Cursor): string {
  return String.fromCharCode(from.bytes.readUInt8(from.at++))
}

function name(from: Cursor): string {
  const end = from.bytes.indexOf(0, from.at)
  if (end < 0) throw new RangeError('a name in the log has no end')
  const text = from.bytes.toString('utf8', from.at, end)
  from.at = end + 1
  return text
}

function readRelation(from: Cursor): Relation {
  const [oid, schema, table, identity] = [int32(from), name(from), name(from), letter(from)]
  const columns = Array.from({ length: int16(from) }, () => {
    const isKey = (from.bytes.readUInt8(from.at++) & 1) === 1
    const column = { name: name(from), type: int32(from), isKey }
    from.at += 4
    return column
  })
  return { oid, schema, name: table, identity: identity as Relation['identity'], columns }
}

/** Reads the row as it was, where the message has it. */
function readOld(from: Cursor): OldTuple | undefined {
  const kind = String.fromCharCode(from.bytes.readUInt8(from.at))
  if (kind !== 'K' && kind !== 'O') return undefined
  from.at++
  return { isKeyOnly: kind === 'K', values: readTuple(from) }
}

function readTuple(from: Cursor): Tuple {
  const count = int16(from)
  const values: (string | null | undefined)[] = new Array(count)
  for (let i = 0; i < count; i++) {
    const kind = from.bytes.readUInt8(from.at++)
    if (kind === 0x6e) values[i] = null
    else if (kind === 0x75) values[i] = undefined
    else if (kind === 0x74) {
      const length = int32(from)
      const end = from.at + length
      if (end > from.bytes.length) throw new RangeError('a value of the log goes over its end')
      values[i] = from.bytes.toString('utf8', from.at, end)
      from.at = end
    } else throw new RangeError(`a value of the log is of the kind ${kind}`)
  }
  return values
}
