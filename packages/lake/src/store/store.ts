/**
 * Where tables live. A few functions over named immutable objects, written so that a folder, S3 and
 * memory can keep the same promise:
 *
 * - `putIfAbsent` is atomic: of any number of callers at most one hears `created`, and nobody ever
 *   reads half an object. A caller whose answer got lost reads the object and looks whether it is its own.
 * - `list` shows every object whose put ended before the list began, in order of the keys' UTF-8 bytes.
 * - Keys are relative, with `/` between parts.
 */
export interface ObjectStore {
  /** The address, for people. */
  readonly url: string
  /** Undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Replaces what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>
  putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** Streams a local file to a key that nobody else writes. */
  upload(key: string, localPath: string): Promise<void>
  /** Objects under `prefix` whose key is greater than `after`. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>
  /** No error when there is none. */
  delete(key: string): Promise<void>
  /** What DuckDB's readers take for this object. */
  locate(key: string): string
}

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}
