import type { AvroReader } from './reader.ts'
import type { JsonWriter } from './writer.ts'

/** Reads one value, and writes it as JSON. */
export type Transcode = (from: AvroReader, to: JsonWriter) => void
