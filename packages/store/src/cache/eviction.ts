import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unlessAbsent } from '../folder.ts'

/** After this time a partial download counts as abandoned. */
const ABANDONED_AFTER_MS = 6 * 60 * 60 * 1000

/** Deletes the least recently used files until the rest fits. */
export async function evict(folder: string, maxBytes: number, now: number): Promise<void> {
  const files: { path: string; bytes: number; used: number }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const info = await unlessAbsent(stat(path))
    if (!info) continue
    if (!name.endsWith('.partial')) files.push({ path, bytes: info.size, used: info.mtimeMs })
    else if (now - info.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true })
  }
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  for (const file of files.sort((a, b) => a.used - b.used)) {
    if (bytes <= maxBytes) return
    await rm(file.path, { force: true })
    bytes -= file.bytes
  }
}
