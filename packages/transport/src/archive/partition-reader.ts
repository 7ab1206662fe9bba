import type { Source } from '../source.ts'

/** Reads one topic: of the archive that Millrace wrote, or of one that Kafka Connect has left there. */
export type PartitionReader = Pick<Source, 'resolve' | 'end' | 'read'>
