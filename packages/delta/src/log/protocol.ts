import { MillraceError } from '@millrace/base'
import type { Metadata, Protocol } from './actions.ts'

/** The reader features of the protocol that we honour. */
const READER_FEATURES = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
])

const NEWEST_READER = 3

export function refuseUnknownProtocol(url: string, protocol: Protocol, metadata: Metadata): void {
  const lacking = (protocol.readerFeatures ?? []).filter((feature) => !READER_FEATURES.has(feature))
  if (protocol.minReaderVersion > NEWEST_READER) lacking.push(`reader version ${protocol.minReaderVersion}`)
  if (metadata.format.provider !== 'parquet') lacking.push(`files of format ${metadata.format.provider}`)
  if (lacking.length > 0) {
    throw new MillraceError('TABLE_UNSUPPORTED', `${url} needs what Millrace can't read: ${lacking.join(', ')}`)
  }
}
