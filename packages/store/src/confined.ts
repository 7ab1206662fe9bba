import { realpathSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MillraceError } from '@millrace/base'
import { unlessAbsent } from './folder.ts'

const LOOKS_AT_ONCE = 64

/** Refuses files that are in none of these folders, with links followed. A missing file passes. */
export async function refuseOutside(paths: readonly string[], folders: readonly string[]): Promise<void> {
  const roots = folders.map(realFolder)
  for (let start = 0; start < paths.length; start += LOOKS_AT_ONCE) {
    await Promise.all(paths.slice(start, start + LOOKS_AT_ONCE).map((path) => refuseUnlessWithin(path, roots)))
  }
}

async function refuseUnlessWithin(path: string, roots: readonly string[]): Promise<void> {
  const info = await unlessAbsent(lstat(path))
  if (info === undefined) return
  const real = info.isSymbolicLink()
    ? await unlessAbsent(realpath(path))
    : join(realFolder(dirname(path)), basename(path))
  if (real === undefined || roots.some((root) => isWithin(real, root))) return
  throw outside(real === path ? path : `${path} leads to ${real}, which`)
}

/** Refuses a path whose folder, with links followed, is in none of these folders. The path's own link is not followed. */
export function refuseFolderOutside(path: string, folders: readonly string[]): void {
  const real = join(realFolder(dirname(path)), basename(path))
  if (!folders.some((folder) => isWithin(real, realFolder(folder)))) throw outside(path)
}

/** Returns the error for a file outside of the lake. */
export function outside(what: string): MillraceError {
  return new MillraceError('PATH_OUTSIDE', `${what} is outside of the lake`)
}

/** Whether a path or an address is that of a folder or of something in it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

const MOST_KNOWN = 4_096
const knownFolders = new Map<string, { readonly real: string; readonly until: number }>()
const KNOWN_FOR_MS = 1_000

/** Returns the folder without links, as far as it exists. */
export function realFolder(folder: string): string {
  const now = performance.now()
  const known = knownFolders.get(folder)
  if (known && known.until > now) return known.real
  let real: string
  try {
    real = realpathSync.native(folder)
  } catch {
    const parent = dirname(folder)
    real = parent === folder ? folder : join(realFolder(parent), basename(folder))
  }
  if (knownFolders.size >= MOST_KNOWN) knownFolders.clear()
  knownFolders.set(folder, { real, until: now + KNOWN_FOR_MS })
  return real
}
