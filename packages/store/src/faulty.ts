import { MillraceError, type Runtime } from '@millrace/base'
import type { ObjectStore } from './store.ts'

/** The ways in which a call to an object store can fail. */
export type Fault =
  /** Throttled or in conflict for too long: nothing happened. */
  | 'refused'
  /** The call took effect; the caller gets a broken connection. */
  | 'answer lost'
  /** The caller gets a timeout; the call takes effect before the next one. */
  | 'late'
  /** The call took effect; the client's own retry then answers that the object exists. */
  | 'own taken'
  /** A listing breaks off half-way. */
  | 'torn list'
  | 'slow'
  | 'crash before'
  | 'crash after'

type Operation = 'get' | 'put' | 'putIfAbsent' | 'upload' | 'list' | 'delete' | 'readable'

export interface StoreCall {
  readonly operation: Operation
  readonly key: string
  /** Counted from 0. */
  readonly number: number
}

export type FaultPlan = (call: StoreCall) => Fault | undefined

/** Stands for the death of the process: every later call throws it too. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Wraps a store so that calls fail where the plan says so. */
export function faultyStore(inner: ObjectStore, plan: FaultPlan, runtime: Runtime): ObjectStore {
  const late: (() => Promise<unknown>)[] = []
  let calls = 0
  let crash: Crash | undefined

  const die = (when: string, operation: Operation, key: string): Crash => {
    crash = new Crash(`crashed ${when} ${operation} ${key}`)
    return crash
  }
  const begin = async (operation: Operation, key: string): Promise<Fault | undefined> => {
    if (crash) throw crash
    const fault = plan({ operation, key, number: calls++ })
    // Their callers are gone: failures are ignored.
    await Promise.allSettled(late.splice(0).map((write) => write()))
    if (crash) throw crash
    if (fault === 'slow') await runtime.sleep(1 + runtime.random() * 50)
    if (fault === 'crash before') throw die('before', operation, key)
    if (fault === 'refused') throw failure(`${operation} ${key}: please reduce your request rate`)
    return fault
  }
  const call = async <T>(operation: Operation, key: string, work: () => Promise<T>, taken?: T): Promise<T> => {
    const fault = await begin(operation, key)
    if (fault === 'late') {
      if (WRITES.has(operation)) late.push(work)
      throw failure(`${operation} ${key}: no answer in time`)
    }
    const answer = await work()
    if (crash) throw crash
    if (fault === 'crash after') throw die('after', operation, key)
    if (fault === 'answer lost') throw failure(`${operation} ${key}: the connection broke`)
    return fault === 'own taken' ? (taken ?? answer) : answer
  }
  async function* listing<T>(prefix: string, items: AsyncIterable<T>): AsyncIterable<T> {
    const fault = await begin('list', prefix)
    const all = await Array.fromAsync(items)
    const breaksAt = fault && TEARS.has(fault) ? Math.floor(all.length / 2) : undefined
    for (const [i, item] of all.entries()) {
      if (crash) throw crash
      if (i === breaksAt) break
      yield item
    }
    if (fault === 'crash after') throw die('after', 'list', prefix)
    if (breaksAt !== undefined) throw failure(`list ${prefix}: the connection broke`)
  }
  return {
    url: inner.url,
    readableIn: inner.readableIn,
    get: (key, range) => call('get', key, () => inner.get(key, range)),
    put: (key, bytes) => call('put', key, () => inner.put(key, bytes)),
    putIfAbsent: (key, bytes) => call('putIfAbsent', key, () => inner.putIfAbsent(key, bytes), 'exists'),
    upload: (key, localPath) => call('upload', key, () => inner.upload(key, localPath)),
    keys: (prefix, after) => listing(prefix, inner.keys(prefix, after)),
    list: (prefix, after) => listing(prefix, inner.list(prefix, after)),
    delete: (key) => call('delete', key, () => inner.delete(key)),
    readable: (keys) => call('readable', keys[0] ?? '', () => inner.readable(keys)),
  }
}

const WRITES: ReadonlySet<Operation> = new Set(['put', 'putIfAbsent', 'upload', 'delete'])
const TEARS: ReadonlySet<Fault> = new Set(['torn list', 'answer lost', 'late'])

function failure(what: string): MillraceError {
  return new MillraceError('STORE_FAILED', what)
}
