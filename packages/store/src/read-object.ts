import { closeSync, constants, fstatSync, lstatSync, openSync, read } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
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
  if (range) return readSpan(path, NO_LINK, range)
  if (info.size > MOST_WHOLE) throw tooLarge(path, info.size)
  return info.size > MOST_SMALL ? readFile(path, { flag: NO_LINK }) : readSmall(path)
}

/** Most bytes of a file that are read by one call: most log entries have fewer. */
const MOST_SMALL = 64 << 10
const readFrom = promisify(read)

/** Reads a file with one turn in the thread pool in place of four, which cost more than its bytes do. */
async function readSmall(path: string): Promise<Uint8Array> {
  const file = openSync(path, NO_LINK)
  try {
    const info = fstatSync(file)
    refuseSpecial(path, info)
    // Another file may have taken the name since the look at it.
    if (info.size > MOST_WHOLE) throw tooLarge(path, info.size)
    const bytes = Buffer.alloc(info.size)
    let length = 0
    for (let got = -1; length < bytes.length && got !== 0; length += got) {
      got = (await readFrom(file, bytes, length, bytes.length - length, length)).bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** Reads a part of a file, or all of it, whatever the path leads to. */
async function readSpan(path: string, flags: number, range: ByteRange | undefined): Promise<Uint8Array> {
  const file = await open(path, flags)
  try {
    const info = await file.stat()
    refuseSpecial(path, info)
    if (!range && info.size > MOST_WHOLE) throw tooLarge(path, info.size)
    const { offset, length } = range ?? { offset: 0, length: info.size }
    const bytes = new Uint8Array(Math.max(0, Math.min(length, info.size - offset)))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function tooLarge(path: string, size: number): MillraceError {
  return new MillraceError('STORE_FAILED', `${path} has ${size} bytes, of which at most ${MOST_WHOLE} are read`, {
    next: 'Check what wrote it: no log entry of a table is so large.',
  })
}
