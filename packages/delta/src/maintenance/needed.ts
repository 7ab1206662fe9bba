import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { type FileId, idOf, type Location, locationsOf } from '../log/location.ts'
import { locationOf, type TableRef, tableUrl } from '../log/log.ts'
import { vectorPath } from '../read/vector-files.ts'

type Named = Pick<AddFile, 'path' | 'deletionVector'>

interface Needed {
  readonly path: string
  readonly location: Location
  /** Whether the table has it now, so that it must exist; a removed file may be gone. */
  readonly isLive: boolean
}

/**
 * Returns every location that a file of the table, or its deletion vector, may have. Throws if a path cannot be
 * resolved to a file: it could mean any of the files that would be deleted.
 */
export async function neededFiles(
  table: TableRef,
  live: Iterable<Named>,
  removed: Iterable<Named>,
): Promise<Map<FileId, Needed>> {
  const needed = new Map<FileId, Needed>()
  const keep = (path: string | undefined, shown: string, isLive: boolean) => {
    const locations = path === undefined ? [] : locationsOf(table.store, table.path, path)
    if (locations.length === 0) throw unidentified(table, shown)
    for (const location of locations) {
      const id = idOf(location)
      needed.set(id, { path: shown, location, isLive: (isLive && locations.length === 1) || !!needed.get(id)?.isLive })
    }
  }
  const keepAll = (files: Iterable<Named>, isLive: boolean) => {
    for (const { path, deletionVector } of files) {
      keep(path, path, isLive)
      if (deletionVector && deletionVector.storageType !== 'i') {
        keep(vectorPath(deletionVector), deletionVector.pathOrInlineDv, isLive)
      }
    }
  }
  keepAll(removed, false)
  keepAll(live, true)
  return needed
}

/**
 * Resolves the links of needed files that the listing of the table did not show. Throws if a file that the table has
 * does not exist: then its path may mean another one.
 */
export async function behindLinks(table: TableRef, unseen: ReadonlyMap<FileId, Needed>): Promise<Set<FileId>> {
  const found = new Set<FileId>()
  for (const needed of unseen.values()) {
    const path = localPath(table, needed.location)
    const real = path === undefined ? await keyIfThere(table, needed.location) : await realpath(path).catch(absent)
    if (real === undefined) {
      if (needed.isLive && (path !== undefined || 'key' in needed.location)) throw unidentified(table, needed.path)
      continue
    }
    if (path === undefined) continue
    if (!(await stat(real)).isFile()) throw unidentified(table, needed.path)
    for (const location of locationsOf(table.store, table.path, addressOf(real))) found.add(idOf(location))
  }
  return found
}

/** Files that a link brings in from outside of the lake. */
export async function outsideFiles<F extends Named>(table: TableRef, files: readonly F[]): Promise<Set<F>> {
  const outside = new Set<F>()
  for (const file of files) {
    const path = localPath(table, locationOf(table, file.path))
    const real = path && (await realpath(path).catch(absent))
    if (real !== undefined && locationsOf(table.store, table.path, addressOf(real)).every((at) => 'address' in at)) {
      outside.add(file)
    }
  }
  return outside
}

function addressOf(path: string): string {
  return `file://${encodeURIComponent(path).replaceAll('%2F', '/')}`
}

async function keyIfThere(table: TableRef, location: Location): Promise<string | undefined> {
  if (!('key' in location)) return undefined
  return (await table.store.get(location.key, { offset: 0, length: 1 })) && location.key
}

function localPath(table: TableRef, location: Location): string | undefined {
  if ('address' in location) return location.address.startsWith('/') ? location.address : undefined
  return table.store.url.startsWith('file:') ? join(fileURLToPath(table.store.url), location.key) : undefined
}

function absent(error: NodeJS.ErrnoException): undefined {
  // Links in a circle, and names that no file can have, lead to nothing.
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(error.code ?? '')) return undefined
  throw error
}

function unidentified(table: TableRef, path: string): MillraceError {
  return new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: no file can be found for the path ${path} of its log`, {
    next: 'Nothing was deleted. Restore the file, or repair the table with the engine that wrote the path.',
  })
}
