import { dirname, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ObjectStore, realFolder } from '@millrace/store'

declare const identity: unique symbol

/** Identifies a file, however a log spells its path. Opaque, so that no text is compared with it by mistake. */
export interface FileId {
  readonly [identity]: true
}

/** Location of a file in the log: a key of the store, or an address outside of the lake. */
export type Location = { readonly key: string } | { readonly address: string }

/**
 * Returns every location that a path may mean, the likeliest first. Usually one: only an absolute path with a `%` may
 * have been written without URL encoding. Returns none if the path names no file that can be identified.
 */
export function locationsOf(store: ObjectStore, folder: string, path: string): Location[] {
  if (path.includes('\0')) return []
  if (isAbsolute(path)) return absoluteLocations(store, path)
  const decoded = decodeUrl(path)
  if (decoded === undefined) return []
  const key = posix.normalize(`${folder}/${decoded}`)
  if (!key.startsWith('../') && key !== '..' && !key.endsWith('/')) return [{ key }]
  const root = rootsOf(store)[0]
  return root === undefined ? [] : [locate(store, posix.normalize(`${root}/${key}`))]
}

/** Returns the identity of a location; a key and an address never have the same. */
export function idOf(location: Location): FileId {
  const text = 'key' in location ? location.key : `:${location.address}`
  return text as unknown as FileId
}

function isAbsolute(path: string): boolean {
  return /^(\/|[a-z][a-z0-9+.-]*:)/i.test(path)
}

function absoluteLocations(store: ObjectStore, path: string): Location[] {
  const decoded = decodeUrl(path)
  const spellings = decoded === undefined || decoded === path ? [path] : [decoded, path]
  const found = spellings
    .map((spelling) => canonicalAddress(store, spelling))
    .filter((address) => address !== undefined)
  const locations = found.map((address) => locate(store, address))
  return locations.sort((a, b) => Number('address' in a) - Number('address' in b))
}

/** Returns undefined for what is no URL. */
export function decodeUrl(path: string): string | undefined {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(\/.*)?$/i

/** Returns a local path with a leading slash, or `scheme://authority/path`. */
function canonicalAddress(store: ObjectStore, text: string): string | undefined {
  if (text.startsWith('/')) return withinStoreScheme(store, posix.normalize(text))
  const [, scheme = '', authority = '', path = '/'] = URL_PARTS.exec(text) ?? []
  if (/^file:/i.test(text)) {
    if (scheme === '') return /^file:\//i.test(text) ? posix.normalize(text.slice('file:'.length)) : undefined
    return authority === '' || /^localhost$/i.test(authority) ? posix.normalize(path) : undefined
  }
  if (scheme === '' || authority === '') return undefined
  return `${schemeOf(scheme)}://${authority}${posix.normalize(path)}`
}

/** Resolves a path without a scheme in the file system that holds the table. */
function withinStoreScheme(store: ObjectStore, path: string): string {
  const [, scheme, authority] = URL_PARTS.exec(store.url) ?? []
  return scheme === undefined || scheme === 'file' ? path : `${scheme}://${authority}${path}`
}

/** Returns the scheme; Hadoop's three names for S3 are one. */
function schemeOf(scheme: string): string {
  const lower = scheme.toLowerCase()
  return lower === 's3a' || lower === 's3n' ? 's3' : lower
}

function locate(store: ObjectStore, address: string): Location {
  const isLocal = address.startsWith('/')
  for (const candidate of isLocal ? [address, throughLinks(address)] : [address]) {
    const root = rootsOf(store).find((root) => candidate.startsWith(root === '/' ? root : `${root}/`))
    if (root !== undefined && candidate.length > root.length + 1) {
      return { key: candidate.slice(root === '/' ? 1 : root.length + 1) }
    }
  }
  return { address: isLocal ? throughLinks(address) : address }
}

/** Returns the names of the lake's root: as it was opened and, for a folder, with links resolved. */
function rootsOf({ url }: ObjectStore): string[] {
  if (!url.startsWith('file:')) return url.includes('://') ? [url.replace(/\/$/, '')] : []
  const path = fileURLToPath(url)
  return [...new Set([path, realFolder(path)])]
}

function throughLinks(path: string): string {
  return posix.join(realFolder(dirname(path)), posix.basename(path))
}
