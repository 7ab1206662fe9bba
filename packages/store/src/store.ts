/**
 * A store of named objects that holds tables. The contract, which a folder, S3 and memory can
 * keep:
 *
 * - `putIfAbsent` is atomic: of any number of callers at most one gets `created`, and nobody ever
 *   reads half an object. An answer can get lost, and `exists` can mean the caller's own object, stored
 *   by a try whose answer got lost: a caller that must know reads the object and compares.
 * - After an error the write may have happened, or may still happen a little later.
 * - A listing has every object whose put ended before the listing began, in order of the keys' UTF-8 bytes.
 * - Keys are relative, with `/` between parts. A key is an object or a folder of objects, never both.
 */
export interface ObjectStore {
  /** The address, for messages. */
  readonly url: string
  /**
   * Undefined when there is none. A range that reaches beyond the end gives what there is. An object over `MOST_WHOLE` is
   * read in ranges alone.
   */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>
  /** Stores an object, replacing an existing one. */
  put(key: string, bytes: Uint8Array): Promise<void>
  putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** Uploads a local file to a key that nobody else writes: an existing object is from an earlier try. */
  upload(key: string, localPath: string): Promise<void>
  /** Lists the keys under `prefix` that come after `after`. */
  keys(prefix: string, after?: string): AsyncIterable<string>
  /** Lists the same with sizes and times, which in a folder costs a system call for each file. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>
  /** Deletes an object; a missing one is no error. */
  delete(key: string): Promise<void>
  /** Makes objects that never change readable as local files until they are released. */
  readable(keys: readonly string[]): Promise<Readable>
  /** Folders, and places of S3, in which the files lie that `readable` and `s3Access` lead to. */
  readonly readableIn: readonly string[]
  /** Places outside of the store that the user lets the tables in it name files of. */
  readonly allowed?: readonly AllowedPlace[]
  /** Returns what an S3 client needs to read the same objects; undefined where they are not in a bucket. */
  readonly s3Access?: () => Promise<S3Access>
}

export interface AllowedPlace {
  /** Folder without links, or `s3://bucket/prefix`. */
  readonly root: string
  readonly store: ObjectStore
}

/** Credentials expire: ask again before each use. */
export interface S3Access {
  readonly bucket: string
  /** Prefix of every key in the bucket. */
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
