import { closeSync, constants, fstatSync, lstatSync, openSync, read } from 'node:fs'
import { promisify } from 'node:util'
import { MillraceError } from '@millrace/base'
import { refuseFolderOutside, refuseOutside } from './confined.ts'
import { refuseSpecial } from './special.ts'
import { type ByteRange, MOST_WHOLE } from './store.ts'

// Opening waits for nobody: a pipe that nobody writes to would hold the process up for ever.
const PLAIN = constants.O_RDONLY | constants.O_NONBLOCK
/** Should a link take a file's place after the look at it, opening fails. */
const NO_LINK = PLAIN | constants.O_NOFOLLOW

/**
 * Reads a file that lies in one of these folders. A link is followed only after a look at where it leads. The look at
 * the file doesn't go through the thread pool: that would cost half as much again as reading a log entry.
 */
export async function readObject(
  path: string,
  within: readonly string[],
  range: ByteRange | undefined,
): Promise<Uint8Array> {
  refuseFolderOutside(path, within)
  const info = lstatSync(path)
  if (info.isSymbolicLink()) {
    await refuseOutside([path], within)
    return readSpan(path, PLAIN, range)
  }
  refuseSpecial(path, info)
  return readSpan(path, NO_LINK, range)
}

const readFrom = promisify(read)

/**
 * Reads a part of a file, or all of it, whatever the path leads to: with one turn in the thread pool in place of four,
 * which cost more than the bytes of a log entry do.
 */
async function readSpan(path: string, flags: number, range: ByteRange | undefined): Promise<Uint8Array> {
  const file = openSync(path, flags)
  try {
    const info = fstatSync(file)
    refuseSpecial(path, info)
    if (!range && info.size > MOST_WHOLE) throw tooLarge(path, info.size)
    const { offset, length } = range ?? { offset: 0, length: info.size }
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, info.size - offset)))
    let done = 0
    for (let got = -1; done < bytes.length && got !== 0; done += got) {
      got = (await readFrom(file, bytes, done, bytes.length - done, offset + done)).bytesRead
    }
    return bytes.subarray(0, done)
  } finally {
    closeSync(file)
  }
}

function tooLarge(path: string, size: number): MillraceError {
  return new MillraceError('STORE_FAILED', `${path} has ${size} bytes, of which at most ${MOST_WHOLE} are read`, {
    next: 'Check what wrote it: no log entry of a table is so large.',
  })
}
