import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { MillraceError } from '@millrace/base'
import { unlessAbsent } from './folder.ts'

const STATS_AT_ONCE = 64

/** Refuses pipes, sockets and devices: reading one can block for ever or never end. */
export function refuseSpecial(path: string, info: Stats): void {
  if (info.isFile() || info.isDirectory()) return
  throw new MillraceError('TABLE_BROKEN', `${path} is a pipe, a socket or a device, not a file`, {
    next: 'Remove it from the lake.',
  })
}

/** Refuses folders as well: the engine would read all files in one. */
export async function refuseSpecialFiles(paths: readonly string[]): Promise<void> {
  for (let start = 0; start < paths.length; start += STATS_AT_ONCE) {
    const some = paths.slice(start, start + STATS_AT_ONCE)
    const infos = await Promise.all(some.map((path) => unlessAbsent(stat(path))))
    infos.forEach((info, i) => {
      const path = some[i] as string
      if (info) refuseSpecial(path, info)
      if (info?.isDirectory()) throw new MillraceError('TABLE_BROKEN', `${path} is a folder, not a file`)
    })
  }
}
