import { promisify } from 'node:util'
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'

export type Codec = 'none' | 'gzip' | 'zstd'

interface Compression {
  /** What the names of such files end in after `.json`. */
  readonly suffix: string
  compress(bytes: Uint8Array): Promise<Uint8Array>
  decompress(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array>
}

/** How the files of an archive are compressed. The same bytes give the same file. */
export const CODECS: Readonly<Record<Codec, Compression>> = {
  none: { suffix: '', compress: async (bytes) => bytes, decompress: async (bytes) => bytes },
  gzip: {
    suffix: '.gz',
    compress: promisify(gzip),
    decompress: (bytes, maxOutputLength) => promisify(gunzip)(bytes, { maxOutputLength }),
  },
  zstd: {
    suffix: '.zst',
    compress: (bytes) =>
      promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } }),
    decompress: (bytes, maxOutputLength) => promisify(zstdDecompress)(bytes, { maxOutputLength }),
  },
}

/** Smaller than gzip's usual level makes them, in a fraction of its time. */
const ZSTD_LEVEL = 3

/** Returns the codec that a file's name says. */
export function codecOf(name: string): Codec {
  if (name.endsWith('.gz')) return 'gzip'
  return name.endsWith('.zst') ? 'zstd' : 'none'
}
