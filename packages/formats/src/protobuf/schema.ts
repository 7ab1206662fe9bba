export type Scalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'

export type ProtoType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | ProtoEnum
  | { readonly kind: 'message'; readonly message: ProtoMessage }

export interface ProtoEnum {
  readonly kind: 'enum'
  /** With its package, as in google.protobuf.NullValue. */
  readonly name: string
  readonly symbols: ReadonlyMap<number, string>
}

export interface ProtoField {
  readonly name: string
  readonly number: number
  readonly type: ProtoType
  /** How often it comes; a map's `type` is that of its values. */
  readonly shape: 'single' | 'list' | { readonly mapKey: Scalar }
  /** Whether a value that is not there differs from the default of its type. */
  readonly hasPresence: boolean
  readonly isRequired: boolean
  /** Whether a tag ends its value, instead of a length that stands before it. */
  readonly isGroup: boolean
  /** The oneof that it belongs to. */
  readonly oneof?: string
}

export interface ProtoMessage {
  /** With its package, as in google.protobuf.Timestamp. */
  readonly name: string
  /** Filled after the message is made: a field may hold the message itself. */
  readonly fields: ProtoField[]
}

/** What a .proto file defines: its messages in their order, and the messages within each. */
export interface ProtoFile {
  /** Whether it defines only one message. */
  readonly isOneMessage: boolean
  /** Returns the message that these indexes lead to, as Confluent's wire format has them. */
  messageAt(path: readonly number[]): ProtoMessage | undefined
  /** Returns the message at a place among all of the file, those of maps' entries too, sorted by their full names. */
  messageSorted(place: number): ProtoMessage | undefined
  /** Returns the message of this name, with or without its package. */
  messageNamed(name: string): ProtoMessage | undefined
}
