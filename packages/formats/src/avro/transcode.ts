import type { JsonWriter } from '../transcode/json-writer.ts'
import type { AvroReader } from './reader.ts'

/** Reads one value, and writes it as JSON. */
export type Transcode = (from: AvroReader, to: JsonWriter) => void
