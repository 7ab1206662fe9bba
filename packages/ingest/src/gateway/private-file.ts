import { open } from 'node:fs/promises'
import { MillraceError } from '@millrace/base'

/** Any right of others, and that of the group to write: a mounted secret may be readable by its group. */
const TOO_OPEN = 0o027

/** Reads a file that holds secrets; one that others can read or change is refused. */
export async function readPrivateFile(path: string): Promise<string> {
  const file = await open(path).catch((cause) => {
    throw new MillraceError('CONFIG_INVALID', `${path} can't be read`, { cause })
  })
  try {
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & TOO_OPEN) !== 0) throw tooOpen(path, mode)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function tooOpen(path: string, mode: number): MillraceError {
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  return new MillraceError('CONFIG_INVALID', `${path} holds secrets and is open to others (${rights})`, {
    next: `Run chmod 600 ${path}; keys that others could read should be made anew.`,
  })
}
