import { readdir, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const RUN_PREFIX = 'millrace-run-'
export const SOCKET = 'socket'

/** A folder this young may belong to a supervisor that does not listen yet. */
const YOUNG_MS = 600_000

/** Removes the folders of supervisors that were killed before they could: nobody answers at their sockets. */
export async function removeAbandonedRuns(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(RUN_PREFIX))
  await Promise.all(
    names.map(async (name) => {
      const folder = join(tmpdir(), name)
      if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true })
    }),
  )
}

async function isAbandoned(folder: string): Promise<boolean> {
  const code = await connectionError(join(folder, SOCKET))
  if (code === 'ECONNREFUSED') return true
  if (code !== 'ENOENT') return false
  const age = await stat(folder).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
  return age > YOUNG_MS
}

function connectionError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}
