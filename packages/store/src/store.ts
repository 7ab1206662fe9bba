/**
 * Where tables live. A few functions over named objects, written so that a folder, S3 and memory can
 * keep the same promise:
 *
 * - `putIfAbsent` is atomic: of any number of callers at most one hears `created`, and nobody ever
 *   reads half an object. An answer can get lost, and `exists` can mean the caller's own object, put
 *   by a try whose answer got lost: whoever must know reads the object and looks whether it is its own.
 * - An error says nothing about whether the write happened, now or a little later.
 * - A listing shows every object whose put ended before the listing began, in order of the keys' UTF-8 bytes.
 * - Keys are relative, with `/` between parts. A key is an object or a folder of objects, never both.
 */
export interface ObjectStore {
  /** The address, for people. */
  readonly url: string
  /**
   * Undefined when there is none. A range that reaches beyond the end gives what there is. An object over `MOST_WHOLE` is
   * read in ranges alone.
   */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>
  /** Replaces what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>
  putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** Brings a local file to a key that nobody else writes: what is there already is an earlier try of this. */
  upload(key: string, localPath: string): Promise<void>
  /** The keys under `prefix` that come after `after`. */
  keys(prefix: string, after?: string): AsyncIterable<string>
  /** The same with size and time, which in a folder cost a call a file. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>
  /** No error when there is none. */
  delete(key: string): Promise<void>
  /** Makes objects that never change readable as local files until they are released. */
  readable(keys: readonly string[]): Promise<Readable>
  /** Folders, and places of S3, in which the files lie that `readable` and `s3Access` lead to. */
  readonly readableIn: readonly string[]
  /** Places outside of the store that the user lets the tables in it name files of. */
  readonly allowed?: readonly AllowedPlace[]
  /** How a program that speaks S3 reads the same objects by itself; undefined where they are not in a bucket. */
  readonly s3Access?: () => Promise<S3Access>
}

export interface AllowedPlace {
  /** Folder without links, or `s3://bucket/prefix`. */
  readonly root: string
  readonly store: ObjectStore
}

/** Credentials may run out: ask anew before each use. */
export interface S3Access {
  readonly bucket: string
  /** What every key begins with in the bucket. */
  readonly prefix: string
  readonly region: string
  readonly endpoint: string | undefined
  readonly pathStyle: boolean
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

/** Held in memory: commits, checkpoints in JSON. Data files are read by the engine. */
export const MOST_WHOLE = 256 << 20

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface Readable {
  /** One for each key, in the order of the keys. */
  readonly paths: readonly string[]
  release(): Promise<void>
}
