import { MillraceError } from '@millrace/base'
import { registeredAvro, schemedAvro } from './avro/format.ts'
import type { Framing } from './avro/framing.ts'
import type { FormatContext } from './context.ts'
import { openDebezium } from './debezium/format.ts'
import type { DebeziumDescription } from './debezium/options.ts'
import type { Format } from './format.ts'
import { jsonFormat } from './json/format.ts'
import { jsonSchemaFormat } from './json-schema/format.ts'
import { registeredProtobuf, schemedProtobuf } from './protobuf/format.ts'
import type { ProtoText } from './protobuf/parse.ts'
import { bytesFormat, textFormat } from './text/format.ts'

/** Opens a format by its name. */
type OpenFormat = (context: FormatContext | undefined) => Format

/** Every format that a data set can name. A new one is a folder beside `json` and a line here. */
const FORMATS: Readonly<Record<string, OpenFormat>> = {
  json: () => jsonFormat,
  avro: registeredAvro,
  debezium: (context) => openDebezium({ name: 'debezium' }, context),
  protobuf: registeredProtobuf,
  'json-schema': jsonSchemaFormat,
  text: () => textFormat,
  bytes: () => bytesFormat,
}

/** Formats of the user's own, from the configuration file. They come first. */
const own: Format[] = []

export function addFormats(formats: readonly Format[]): void {
  own.unshift(...formats)
}

export function formatNames(): string[] {
  return [...new Set([...own.map(({ name }) => name), ...Object.keys(FORMATS)])]
}

/** What a data set says of its format: a name, schemas of its own, or how it wants Debezium's changes. */
export type FormatDescription =
  | string
  | DebeziumDescription
  | { readonly name: 'avro'; readonly framing: Framing; readonly schemas: readonly unknown[] }
  | { readonly name: 'protobuf'; readonly message: string; readonly schemas: readonly ProtoText[] }

/**
 * Opens the format that a data set describes; its schemas are parsed already. Without a context it cannot read what
 * needs one.
 */
export function openFormat(description: FormatDescription, context?: FormatContext): Format {
  if (typeof description !== 'string') {
    if (description.name === 'debezium') return openDebezium(description, context)
    return description.name === 'avro'
      ? schemedAvro(description.framing, description.schemas)
      : schemedProtobuf(description.schemas, description.message)
  }
  const ofUser = own.find(({ name }) => name === description)
  if (ofUser) return ofUser
  const open = Object.hasOwn(FORMATS, description) ? FORMATS[description] : undefined
  if (open) return open(context)
  throw new MillraceError('DATASET_INVALID', `there is no format ${description}; they are ${formatNames().join(', ')}`)
}
