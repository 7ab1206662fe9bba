import { type JoinedValues, MillraceError } from '@millrace/base'
import type { FormatContext } from '../context.ts'
import type { Format, ReadMessages } from '../format.ts'
import type { MessageHeader } from '../registry/headers.ts'
import { openRegistered, type SchemasOf } from '../registry/registered.ts'
import type { RegistrySchema } from '../registry/registry.ts'
import type { RecordShape } from '../shape/shape.ts'
import type { JsonWriter } from '../transcode/json-writer.ts'
import { readMessages } from '../transcode/read-messages.ts'
import { compileRecord } from './compile.ts'
import type { WriteMessage } from './fields.ts'
import { type ProtoText, parseProto } from './parse.ts'
import { type MessagesOf, messagesOf } from './which-message.ts'
import { WireReader } from './wire.ts'

/** Protobuf behind what names a schema of the registry, and which of its messages it is. */
export function registeredProtobuf(context: FormatContext | undefined): Format {
  return openRegistered(
    {
      name: 'protobuf',
      title: 'Protobuf',
      kind: 'PROTOBUF',
      prepare,
      read: readRegistered,
      shapeAt,
    },
    context,
  )
}

/** Protobuf of one message, whose schema stands in the data set. */
export function schemedProtobuf(schemas: readonly ProtoText[], name: string): Format {
  const [main, ...imported] = schemas
  const message = main && parseProto(main.text, imported).messageNamed(name)
  if (!message) throw new MillraceError('DATASET_INVALID', `the schema has no message ${name}`)
  const write = compileRecord(message)
  return {
    name: 'protobuf',
    rules: JSON.stringify([schemas, name]),
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read(messages) {
      return readMessages(messages, 'Protobuf', (bytes) => {
        const from = new WireReader(bytes)
        return (start, end, to) => writeWhole(write, from, start, end, to)
      })
    },
  }
}

function prepare({ text, references }: RegistrySchema): MessagesOf {
  return messagesOf(parseProto(text, references))
}

export function readRegistered(messages: JoinedValues, { header, known }: SchemasOf<MessagesOf>): ReadMessages {
  return readMessages(messages, 'Protobuf', (bytes) => {
    const from = new WireReader(bytes)
    return (start, end, to) => {
      const id = header.keyAt(from.view, start, end)
      if (id === undefined) return 'not Protobuf: it does not begin with the id of a schema'
      const file = known.get(id) ?? `not Protobuf: its schema ${id} is not in the registry`
      if (typeof file === 'string') return file
      from.at = start + header.sizeAt(from.view, start)
      const message = file[header.namesMessage](from, end)
      if (!message) return `not Protobuf: its schema ${id} has no such message`
      return writeWhole(message.write, from, from.at, end, to)
    }
  })
}

function shapeAt(
  { bytes }: JoinedValues,
  start: number,
  end: number,
  file: MessagesOf,
  header: MessageHeader,
): RecordShape | undefined {
  const from = new WireReader(bytes)
  from.at = start + header.sizeAt(from.view, start)
  return file[header.namesMessage](from, end)?.shape()
}

/** A message whose JSON is so much larger is made to be. */
const MOST_GROWTH = 64
const ALWAYS_ALLOWED = 256 << 10

function writeWhole(write: WriteMessage, from: WireReader, start: number, end: number, to: JsonWriter): undefined {
  from.depth = 0
  from.top = 0
  from.limit = to.at + ALWAYS_ALLOWED + MOST_GROWTH * (end - start)
  write(from, start, end, to)
}
