import { type JoinedValues, MillraceError } from '@millrace/base'
import { readColumns } from '../columns/read-columns.ts'
import type { FormatContext } from '../context.ts'
import type { Format, ReadMessages } from '../format.ts'
import type { MessageHeader } from '../registry/headers.ts'
import { openRegistered, type SchemasOf } from '../registry/registered.ts'
import type { RegistrySchema } from '../registry/registry.ts'
import type { RecordShape } from '../shape/shape.ts'
import { type ProtoText, parseProto } from './parse.ts'
import { planOfMessage } from './plan.ts'
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
  const plan = planOfMessage(message)
  return {
    name: 'protobuf',
    rules: JSON.stringify([schemas, name]),
    readsKeys: false,
    isJsonLines: false,
    isBinary: true,
    read(messages) {
      return readColumns(messages, 'Protobuf', (bytes) => {
        const from = new WireReader(bytes)
        const planOf = (start: number) => {
          from.at = start
          return plan
        }
        return { from, planOf }
      })
    },
  }
}

function prepare({ text, references }: RegistrySchema): MessagesOf {
  return messagesOf(parseProto(text, references))
}

export function readRegistered(messages: JoinedValues, { header, known }: SchemasOf<MessagesOf>): ReadMessages {
  return readColumns(messages, 'Protobuf', (bytes) => {
    const from = new WireReader(bytes)
    const planOf = (start: number, end: number) => {
      const id = header.keyAt(from.view, start, end)
      if (id === undefined) return 'not Protobuf: it does not begin with the id of a schema'
      const file = known.get(id) ?? `not Protobuf: its schema ${id} is not in the registry`
      if (typeof file === 'string') return file
      from.at = start + header.sizeAt(from.view, start)
      return file[header.namesMessage](from, end)?.plan ?? `not Protobuf: its schema ${id} has no such message`
    }
    return { from, planOf }
  })
}

export function shapeAt(
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
