import type { MessageHeader, SchemaKey } from './headers.ts'

export interface RegistrySchema {
  /** AVRO, PROTOBUF or JSON. */
  readonly type: string
  readonly text: string
  /** The schemas that this one refers to, those that others need first. */
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

/** Bounds of what one schema refers to. What is beyond them is left out, so that the schema can't be read. */
export const [MOST_REFERENCES, MOST_REFERRED_BYTES] = [200, 8 << 20]

/** Where schemas are registered. What it does not answer is an error to try again. */
export interface Registry {
  /** How messages name a schema of it. */
  readonly header: MessageHeader
  /** Returns the schema that messages call so; undefined where there is none. */
  schemaOf(key: SchemaKey): Promise<RegistrySchema | undefined>
  /** Returns the latest schema of a topic's values; undefined where there is none. */
  latestOf(topic: string): Promise<RegistrySchema | undefined>
  /** Fails where it does not answer, or does not let us in. */
  probe(): Promise<void>
}
