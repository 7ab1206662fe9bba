import { endBefore, type JoinedValues } from '@millrace/base'
import type { FormatContext } from '../context.ts'
import type { Format, ReadMessages, RejectedMessage } from '../format.ts'
import { parseRegistryAddress } from '../registry/address.ts'
import { confluentHeader, type MessageHeader } from '../registry/headers.ts'
import { openRegistry } from '../registry/open-registry.ts'
import { schemaKeys } from '../registry/registered.ts'

const NEWLINE = 0x0a

/**
 * JSON behind what names a JSON Schema of the registry, as Confluent writes it where no registry is configured. It is not
 * asked: the data set says what its fields are, and rejects by that.
 */
export function jsonSchemaFormat(context: FormatContext | undefined): Format {
  const { registry, environment = {} } = context ?? {}
  const header =
    registry === undefined ? confluentHeader() : openRegistry(parseRegistryAddress(registry, environment)).header
  return {
    name: 'json-schema',
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    ...(header.idsInHeaders && { idsInHeaders: header.idsInHeaders }),
    read: (raw) => withoutHeaders(header.opened?.(raw) ?? raw, header),
  }
}

function withoutHeaders(messages: JoinedValues, header: MessageHeader): ReadMessages {
  const { count, bytes, ends } = messages
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const lines = Buffer.allocUnsafe(bytes.length)
  const lineEnds = new Int32Array(count)
  const rejected: RejectedMessage[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (let index = 0; index < count; index++) {
    const [start, end] = [endBefore(ends, index), ends[index] as number]
    const reason = faultOf(view, start, end, header)
    if (reason === undefined) at += source.copy(lines, at, start + header.sizeAt(view, start), end)
    else rejected.push({ index, reason })
    lineEnds[index] = reason === undefined ? at : -1 - at
    lines[at++] = NEWLINE
  }
  const read = { count, bytes: lines.subarray(0, at), ends: lineEnds }
  const { lineBreaks, longest } = messages.traits
  const nulls = rejected.length > 0
  return {
    lines: { ...read, traits: { nulls, lineBreaks, longest, first: commonFirst(read) } },
    rejected,
    schemaKey: schemaKeys(messages, header),
  }
}

function faultOf(view: DataView, start: number, end: number, header: MessageHeader): string | undefined {
  if (end < 0) return 'tombstone: no value'
  if (header.keyAt(view, start, end) !== undefined && end - start > header.sizeAt(view, start)) return undefined
  return 'not JSON of a schema: it does not begin with the id of a schema'
}

/** Returns the byte that every line begins with; -1 where they differ. */
function commonFirst({ count, bytes, ends }: Omit<JoinedValues, 'traits'>): number {
  const first = bytes[0] ?? -1
  for (let index = 0; index < count; index++) {
    const end = ends[index] as number
    if (end < 0 || bytes[endBefore(ends, index)] !== first) return -1
  }
  return count === 0 ? -1 : first
}
