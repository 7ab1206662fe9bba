import { operate } from './operate.ts'
import type { HttpAddress } from './services/python.ts'

interface Written {
  readonly registry: string
  /** An Avro schema as text. */
  readonly schema: string
  /** The subjects of the schemas that it refers to, by the names of their types. */
  readonly references?: Readonly<Record<string, string>>
}

/** Registers a schema by Confluent's own client; answers its id. */
export function registerSchema(confluent: HttpAddress, what: Written & { readonly subject: string }): Promise<number> {
  return operate(confluent, 'register', what)
}

/** Sends records with Confluent's own serialiser. What JSON lacks is written `{ $decimal: '1.20' }`, `$bytes`, `$date`, `$datetime` */
export function produceAvro(
  confluent: HttpAddress,
  what: Written & { readonly bootstrap: string; readonly topic: string; readonly records: readonly object[] },
): Promise<number> {
  return operate(confluent, 'produce', what)
}

/** Sends records of Protobuf with Confluent's own serialiser. The file is a descriptor as Protobuf's JSON has it, and so are records. */
export function produceProtobuf(
  confluent: HttpAddress,
  what: {
    readonly bootstrap: string
    readonly registry: string
    readonly topic: string
    readonly file: object
    readonly message: string
    readonly records: readonly object[]
  },
): Promise<number> {
  return operate(confluent, 'produce_protobuf', what)
}

/** How one of Confluent's own serialisers writes keys or values. */
export type Serialized =
  | { readonly format: 'avro' | 'json-schema'; readonly schema: string }
  | { readonly format: 'protobuf'; readonly file: object; readonly message: string }

/** Where serialisers put the ids of schemas. */
export type PlaceOfIds = 'before' | 'in headers'

/** Sends records with their keys, each by a serialiser of Confluent's own; a null is no key, or a tombstone. */
export function produceKeyed(
  confluent: HttpAddress,
  what: {
    readonly bootstrap: string
    readonly registry: string
    readonly topic: string
    readonly key: Serialized
    readonly value: Serialized
    readonly records: readonly (readonly [key: unknown, value: object | null])[]
    /** Where the ids of schemas are; before keys and values unless said. */
    readonly ids?: PlaceOfIds
  },
): Promise<number> {
  return operate(confluent, 'produce_keyed', { ids: 'before', ...what })
}
