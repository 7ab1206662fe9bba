import { MillraceError } from '@millrace/base'
import { CODECS, type Codec } from './codec.ts'

export interface ArchiveAddress {
  /** The folder, or s3://bucket/prefix with the settings of S3. */
  readonly place: string
  readonly codec: Codec
}

/** Parses archive:FOLDER or archive:s3://bucket/prefix, with codec=none, gzip or zstd among the settings after `?`. */
export function parseArchiveAddress(address: string): ArchiveAddress {
  const [path = '', query = ''] = splitOnce(address.slice('archive:'.length), '?')
  const settings = new URLSearchParams(query)
  const codec = settings.get('codec') ?? 'none'
  settings.delete('codec')
  if (path === '') throw wrong(address, 'it names no place')
  if (!Object.hasOwn(CODECS, codec)) {
    throw wrong(address, `there is no codec ${codec}; they are ${Object.keys(CODECS).join(', ')}`)
  }
  const rest = settings.toString()
  if (rest !== '' && !path.startsWith('s3:')) throw wrong(address, `there is no setting ${rest}`)
  return { place: rest === '' ? path : `${path}?${rest}`, codec: codec as Codec }
}

function splitOnce(text: string, by: string): readonly string[] {
  const at = text.indexOf(by)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('OUTPUT_ADDRESS', `${address}: ${why}`, {
    next: 'An archive is archive:FOLDER or archive:s3://bucket/prefix, with ?codec=gzip or ?codec=zstd if it is to be compressed.',
  })
}
