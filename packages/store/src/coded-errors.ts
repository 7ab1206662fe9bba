import { MillraceError } from '@millrace/base'
import type { ObjectStore } from './store.ts'

/** Returns what the user can do about an error, where that is known. */
export type Advice = (error: unknown) => string | undefined

/** Wraps a store so that every error has a code and names the call and the object. */
export function withCodedErrors(store: ObjectStore, advice: Advice): ObjectStore {
  const coded = (call: string, error: unknown) => {
    if (error instanceof MillraceError) return error
    const next = advice(error)
    return new MillraceError('STORE_FAILED', `${store.url}: ${call} failed: ${messageOf(error)}`, {
      cause: error,
      ...(next === undefined ? {} : { next }),
    })
  }
  const once = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw coded(call, error)
    }
  }
  async function* each<T>(call: string, items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items
    } catch (error) {
      throw coded(call, error)
    }
  }
  const { s3Access } = store
  return {
    url: store.url,
    readableIn: store.readableIn,
    get: (key, range) => once(`get ${key}`, () => store.get(key, range)),
    put: (key, bytes) => once(`put ${key}`, () => store.put(key, bytes)),
    putIfAbsent: (key, bytes) => once(`create ${key}`, () => store.putIfAbsent(key, bytes)),
    upload: (key, localPath) => once(`upload ${localPath} as ${key}`, () => store.upload(key, localPath)),
    keys: (prefix, after) => each(`list ${prefix}`, store.keys(prefix, after)),
    list: (prefix, after) => each(`list ${prefix}`, store.list(prefix, after)),
    delete: (key) => once(`delete ${key}`, () => store.delete(key)),
    readable: (keys) => once(`read ${keys.length} objects`, () => store.readable(keys)),
    ...(s3Access && { s3Access: () => once('find the credentials', s3Access) }),
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = error.message === '' ? error.name : error.message
  const { $metadata: answer }: { $metadata?: { httpStatusCode?: number } } = error as object
  return answer?.httpStatusCode === undefined ? text : `HTTP ${answer.httpStatusCode}, ${text}`
}
