import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MillraceError, type Runtime } from '@millrace/base'
import { unlessAbsent } from '../folder.ts'
import type { Readable } from '../store.ts'
import { evict } from './eviction.ts'
import { endAbandonedLoans, type Loan, openLoan } from './loan.ts'

export interface CacheOptions {
  readonly folder?: string
  readonly maxBytes?: number
}

/** The store that the cache's files come from. */
export interface Origin {
  /** Identifies the origin. */
  readonly name: string
  /** Returns a version that changes with the content of the object. */
  version(key: string): Promise<string>
  /** Writes the object to a new file, unless it has more bytes than that. */
  download(key: string, path: string, mostBytes: number): Promise<void>
}

interface Fetched {
  readonly path: string
  readonly bytes: number
}

const MAX_BYTES = 8 * 1024 ** 3
const DOWNLOADS_AT_ONCE = 8

/** A name with a UUID in it is never given to another content. */
const UNIQUE = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i

/**
 * Caches objects as local files and evicts the least recently used ones. Processes share
 * the folder: a reader holds a hard link of its own to each file, so that no eviction removes it meanwhile.
 */
export function openCache(origin: Origin, runtime: Runtime, options: CacheOptions = {}) {
  const { folder = defaultFolder(), maxBytes = MAX_BYTES } = options
  const files = join(folder, 'files')
  const fetch = fetcher(origin, files, maxBytes, runtime)
  let prepared: Promise<void> | undefined
  const prepare = async () => {
    await mkdir(files, { recursive: true, mode: 0o700 })
    await Promise.all([folder, files].map(refuseForeign))
    await endAbandonedLoans(folder, runtime.now())
  }
  return {
    folder,
    async borrow(keys: readonly string[]): Promise<Readable> {
      prepared ??= prepare()
      await prepared
      const loan = await openLoan(folder)
      let bytes = 0
      const lend = async (key: string) => {
        const lent = await lendFile(fetch, loan, key)
        bytes += lent.bytes
        if (bytes > maxBytes) throw tooMuch(folder, maxBytes)
        return lent.path
      }
      try {
        return { paths: await mapAtOnce(keys, DOWNLOADS_AT_ONCE, lend), release: loan.end }
      } catch (error) {
        await loan.end()
        throw error
      }
    },
  }
}

/** Refuses a cache that another user owns: who can write into it controls what every query returns. */
async function refuseForeign(folder: string): Promise<void> {
  const { uid } = await stat(folder)
  if (process.getuid === undefined || uid === process.getuid()) return
  throw new MillraceError('STORE_UNSUITABLE', `the cache ${folder} belongs to somebody else`, {
    next: 'Set XDG_CACHE_HOME to a folder of your own.',
  })
}

/** Downloads what is missing, once for concurrent requests, and evicts from time to time. */
function fetcher(origin: Origin, files: string, maxBytes: number, runtime: Runtime): (key: string) => Promise<Fetched> {
  const underWay = new Map<string, Promise<Fetched>>()
  let unaccounted = Number.POSITIVE_INFINITY
  const markUsed = async (path: string) => {
    const now = new Date(runtime.now())
    await unlessAbsent(utimes(path, now, now))
  }
  const fetch = async (key: string): Promise<Fetched> => {
    const path = join(files, await fileName(origin, key))
    const there = await unlessAbsent(stat(path))
    if (there) {
      await markUsed(path)
      return { path, bytes: there.size }
    }
    const bytes = await download(origin, key, path, maxBytes)
    await markUsed(path)
    unaccounted += bytes
    if (unaccounted > maxBytes / 16) {
      unaccounted = 0
      await evict(files, maxBytes, runtime.now())
    }
    return { path, bytes }
  }
  return (key) => {
    const running = underWay.get(key) ?? fetch(key).finally(() => underWay.delete(key))
    underWay.set(key, running)
    return running
  }
}

async function fileName(origin: Origin, key: string): Promise<string> {
  const parts = [origin.name, key, ...(UNIQUE.test(key) ? [] : [await origin.version(key)])]
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}

async function download(origin: Origin, key: string, path: string, mostBytes: number): Promise<number> {
  const partial = `${path}.${randomUUID()}.partial`
  try {
    await origin.download(key, partial, mostBytes)
    const file = await open(partial, 'r')
    try {
      await file.sync()
      await rename(partial, path)
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  } finally {
    await rm(partial, { force: true })
  }
}

/** Retries when another process has evicted the file between the download and the loan. */
async function lendFile(fetch: (key: string) => Promise<Fetched>, loan: Loan, key: string): Promise<Fetched> {
  for (let tries = 1; tries <= 5; tries++) {
    const { path, bytes } = await fetch(key)
    const lent = await unlessAbsent(loan.take(path))
    if (lent !== undefined) return { path: lent, bytes }
  }
  throw new MillraceError('STORE_FAILED', `${key} leaves the cache faster than it can be read`)
}

function tooMuch(folder: string, maxBytes: number): MillraceError {
  const gigabytes = (maxBytes / 1024 ** 3).toFixed(1)
  return new MillraceError('CACHE_FULL', `one query needs more than the ${gigabytes} GiB that ${folder} may hold`)
}

function defaultFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace')
}

/**
 * Maps items with bounded concurrency, in their order. After a failure it starts no more and waits for those under way.
 */
async function mapAtOnce<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const rest = items.entries()
  let failed = false
  const worker = async () => {
    for (const [i, item] of rest) {
      if (failed) return
      try {
        results[i] = await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure) throw failure.reason
  return results
}
