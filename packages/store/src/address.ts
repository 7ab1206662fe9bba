import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError, type Runtime, systemRuntime } from '@millrace/base'
import type { CacheOptions } from './cache/cache.ts'
import { realFolder } from './confined.ts'
import { fileStore } from './file.ts'
import { refuseKernelFolder } from './kernel-folder.ts'
import { parseS3Address } from './s3/address.ts'
import type { AllowedPlace, ObjectStore } from './store.ts'

export interface LakeOptions {
  readonly runtime?: Runtime
  /** The cache of local copies, for stores that DuckDB can't read by itself. */
  readonly cache?: CacheOptions
  /** Other folders, and `s3://bucket/prefix`, that files of the lake's tables may be read from. */
  readonly allowPaths?: readonly string[]
}

/** The store that a lake's address names. What only S3 needs is loaded for S3 alone. */
export async function openLake(address: string, options: LakeOptions = {}): Promise<ObjectStore> {
  const { allowPaths = [] } = options
  const folders = allowPaths.filter((path) => !path.startsWith('s3:')).map((path) => realFolder(resolve(path)))
  const store = await openStore(address, options, folders)
  if (allowPaths.length === 0) return store
  const places = allowPaths.map(async (path): Promise<AllowedPlace> => {
    if (!path.startsWith('s3:')) {
      const root = realFolder(resolve(path))
      return { root, store: await openStore(root, options, folders) }
    }
    const place = await openStore(besideLake(path, address), options, [])
    return { root: place.url, store: place }
  })
  return { ...store, allowed: await Promise.all(places) }
}

/** Another place of S3 is on the lake's own server unless it names one. */
function besideLake(path: string, lake: string): string {
  const settings = lake.startsWith('s3:') && !path.includes('?') ? lake.indexOf('?') : -1
  return settings === -1 ? path : path + lake.slice(settings)
}

type OpenStore = (address: string) => ObjectStore | Promise<ObjectStore>

/** Stores of the user's own, from the configuration file, by the scheme of their addresses. */
const own = new Map<string, OpenStore>()

export function addStores(stores: Readonly<Record<string, OpenStore>>): void {
  for (const [scheme, open] of Object.entries(stores)) own.set(`${scheme}:`, open)
}

async function openStore(address: string, options: LakeOptions, folders: readonly string[]): Promise<ObjectStore> {
  const runtime = options.runtime ?? systemRuntime
  const open = own.get(address.slice(0, address.indexOf(':') + 1))
  if (open) return open(address)
  const folderStore = (folder: string) => {
    refuseKernelFolder(resolve(folder))
    return fileStore(folder, runtime, folders)
  }
  if (address.startsWith('file:')) return folderStore(fileURLToPath(address))
  if (address.startsWith('s3:')) {
    const where = parseS3Address(address)
    const { s3Store } = await import('./s3/store.ts')
    return s3Store(where, runtime, options.cache)
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(address)) throw new MillraceError('LAKE_ADDRESS', `no store for ${address}`)
  return folderStore(address)
}
