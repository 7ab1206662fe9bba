import { endBefore, type JoinedValues, joinValues, keyAt, valueAt } from '@millrace/base'
import { parseRegistered, planBy } from '../avro/format.ts'
import { planOfSchema } from '../avro/plan.ts'
import { readAvro } from '../avro/read-avro.ts'
import type { AvroReader } from '../avro/reader.ts'
import type { AvroType } from '../avro/schema.ts'
import type { RecordPlan } from '../columns/read-columns.ts'
import type { FormatContext } from '../context.ts'
import type { Format, RawMessages, ReadMessages } from '../format.ts'
import { unknownKeys } from '../registry/headers.ts'
import { schemaKeys, schemasOfContext } from '../registry/registered.ts'
import type { RegistrySchema } from '../registry/registry.ts'
import { conversionNamed, shortName } from './conversions.ts'
import type { DebeziumOptions } from './options.ts'
import { type MessageKey, readChangesOf } from './read-changes.ts'
import { isHousekeeping, type RowPlan } from './schemas.ts'

/** A schema of the registry, made ready. */
interface Prepared {
  readonly record: RecordPlan<AvroReader>
  readonly plan: RowPlan
}

/** A block whose messages are written out as JSON, and what each message's schema says of it. */
interface Written {
  readonly read: ReadMessages
  planOf(index: number): RowPlan | undefined
}

/** Returns what reads Debezium's changes as Kafka Connect's converter writes them in Avro, keys too. */
export function avroReader(
  options: DebeziumOptions,
  context: FormatContext,
): Pick<Format, 'isBinary' | 'idsInHeaders' | 'read'> {
  const {
    header,
    schemas: { known, learn },
  } = schemasOfContext({ name: 'debezium', title: 'Avro', kind: 'AVRO', prepare }, context)

  const written = async (given: JoinedValues): Promise<Written> => {
    const messages = header.opened?.(given) ?? given
    const missing = unknownKeys(messages, header, known)
    if (missing.size > 0) await learn(missing)
    const schemaKey = schemaKeys(messages, header)
    return {
      read: { ...readAvro(messages, planBy({ header, known })), schemaKey },
      planOf(index) {
        const schema = known.get(schemaKey(index) ?? -1)
        return typeof schema === 'object' ? schema.plan : undefined
      },
    }
  }

  const read = async (messages: RawMessages): Promise<ReadMessages> => {
    const { read: values, planOf } = await written(messages)
    const wanted = options.tombstones === 'delete' ? keysWanted(messages, values) : []
    const keys = await written(joinValues(wanted.map((index) => keyAt(messages, index))))
    // Made before any row is written: both are written in the same memory.
    const keyLines = { ...keys.read.lines }
    const places = new Map(wanted.map((index, place) => [index, place]))
    const reasons = new Map(keys.read.rejected.map(({ index, reason }) => [index, reason]))
    const keyOf = (index: number): MessageKey | undefined => {
      const place = places.get(index)
      if (place === undefined || keyAt(messages, index) === null) return undefined
      const bytes = valueAt(keyLines, place)
      return bytes ? { bytes, plan: keys.planOf(place) } : { reason: reasons.get(place) ?? 'it is empty' }
    }
    const refused = new Map(values.rejected.filter(({ index }) => !isTombstone(messages, index)).map(asEntry))
    const found = readChangesOf({ messages: values.lines, keyOf, planOf, refused }, options)
    for (const { columns } of [values, keys.read]) columns?.release()
    return { ...found, ...(values.schemaKey && { schemaKey: values.schemaKey }) }
  }
  return { isBinary: true, ...(header.idsInHeaders && { idsInHeaders: header.idsInHeaders }), read }
}

const asEntry = ({ index, reason }: { readonly index: number; readonly reason: string }) => [index, reason] as const

function prepare(schema: RegistrySchema): Prepared {
  const type = parseRegistered(schema)
  return { record: planOfSchema(type), plan: planOf(type) }
}

/** Returns what an Avro schema says of a message or a key, by the names that Kafka Connect has put into it. */
function planOf(type: AvroType): RowPlan {
  const fields = type.kind === 'record' ? type.fields : []
  const row = fields.find(({ name }) => name === 'after' || name === 'before')
  const columns = fields.some(({ name }) => name === 'op') && row ? recordIn(row.type) : fields
  return {
    isHousekeeping: isHousekeeping(type.kind === 'record' ? type.connectName : undefined),
    conversions: new Map(columns.flatMap(({ name, type: of }) => conversionOf(name, of))),
  }
}

function recordIn(type: AvroType) {
  const [record] = (type.kind === 'union' ? type.branches : [type]).filter(({ kind }) => kind === 'record')
  return record?.kind === 'record' ? record.fields : []
}

/** A logical type of Avro has been written as such already. */
function conversionOf(column: string, type: AvroType) {
  const of = type.kind === 'union' ? type.branches.find(({ kind }) => kind !== 'null') : type
  if (!of || ('logical' in of && of.logical) || !('connectName' in of) || of.connectName === undefined) return []
  const short = shortName(of.connectName, undefined)
  const conversion = short === undefined ? undefined : conversionNamed(short)
  return conversion ? [[column, conversion] as const] : []
}

/** Returns which messages may have to be known by their keys: tombstones, and deletes that do not say what was there. */
function keysWanted(messages: RawMessages, { lines }: ReadMessages): number[] {
  const wanted: number[] = []
  for (let index = 0; index < lines.count; index++) {
    if (isTombstone(messages, index) || isBareDelete(lines, index)) wanted.push(index)
  }
  return wanted
}

const DELETE = '"op":"d"'
const ROWS = ['{"before":', '{"after":'].map((text) => Buffer.from(text))

/** Members of an envelope that are null are not written. */
function isBareDelete({ bytes, ends }: JoinedValues, index: number): boolean {
  const [start, end] = [endBefore(ends, index), ends[index] as number]
  if (end < 0) return false
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  return ROWS.every((row) => row.compare(line, 0, row.length) !== 0) && line.includes(DELETE)
}

function isTombstone({ ends }: JoinedValues, index: number): boolean {
  return (ends[index] as number) < 0
}
