import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { endBefore, type Runtime } from '@millrace/base'
import { FEW_ROWS } from '@millrace/engine'
import { type Selection, slice } from './selection.ts'

/**
 * Two files that hold half of the records each, for the engine to read: written side by side, as its threads wait. Few
 * records are all in the first.
 */
export type LineFiles = readonly [string, string]

/** Files for the engine to read records from: of lines, or of columns. */
interface RecordFiles {
  readonly lines: LineFiles
  readonly columns: string
}

export interface LineFilePool {
  /** Lends files to one user at a time. */
  lend<T>(use: (files: RecordFiles) => Promise<T>): Promise<T>
}

/**
 * Lends files that are written over again and again, and go with the work folder: the system takes six times longer
 * to find memory for new ones than to write over what is there.
 */
export function createLineFilePool(workFolder: string, runtime: Runtime): LineFilePool {
  const name = runtime.uuid()
  const idle: RecordFiles[] = []
  let made = 0
  return {
    async lend(use) {
      const files = idle.pop() ?? newFiles(join(workFolder, `${name}-${made++}`))
      try {
        return await use(files)
      } finally {
        idle.push(files)
      }
    },
  }
}

function newFiles(path: string): RecordFiles {
  return { lines: [`${path}.0.jsonl`, `${path}.1.jsonl`], columns: `${path}.parquet` }
}

/** Replaces what the files hold by one line a value. Returns those that have any. */
export function writeLines(files: LineFiles, selection: Selection): Promise<readonly string[]> {
  return writeHalves(files, selection, runs)
}

/** Writes each value as an object that holds it as `record`, with its index in the selection as `millrace_at`. */
export function writeNumberedLines(files: LineFiles, selection: Selection): Promise<readonly string[]> {
  return writeHalves(files, selection, numbered)
}

type Pieces = (selection: Selection, base: number) => Iterable<Uint8Array>

async function writeHalves(files: LineFiles, selection: Selection, pieces: Pieces): Promise<readonly string[]> {
  if (selection.length <= FEW_ROWS) {
    await writeFile(files[0], pieces(selection, 0))
    return [files[0]]
  }
  const middle = selection.length >>> 1
  await Promise.all([
    writeFile(files[0], pieces(slice(selection, 0, middle), 0)),
    writeFile(files[1], pieces(slice(selection, middle, selection.length), middle)),
  ])
  return files
}

async function writeFile(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  await replaceFile(path, async (file) => {
    let size = 0
    for (const bytes of joined(pieces)) {
      await writeWhole(file, bytes, size)
      size += bytes.length
    }
    return size
  })
}

/** Replaces what a file holds by pieces that stay as they are, many of them in one call of the system. */
export async function writePieces(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await replaceFile(path, async (file) => {
    let size = 0
    for (let first = 0; first < pieces.length; first += MOST_PIECES) {
      const some = pieces.slice(first, first + MOST_PIECES)
      let { bytesWritten } = await file.writev(some, size)
      for (const piece of some) {
        const rest = piece.subarray(Math.min(bytesWritten, piece.length))
        if (rest.length > 0) await writeWhole(file, rest, size + piece.length - rest.length)
        bytesWritten -= piece.length - rest.length
        size += piece.length
      }
    }
    return size
  })
}

/** The system takes no more at once. */
const MOST_PIECES = 1024

/** Replaces what a file holds by what is written over it, whose size `write` returns. */
async function replaceFile(path: string, write: (file: FileHandle) => Promise<number>): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT)
  try {
    await file.truncate(await write(file))
  } finally {
    await file.close()
  }
}

/** FileHandle.writeFile would write half a megabyte at a time, each on a thread's round trip. */
async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at)
    at += bytesWritten
  }
}

const JOINED_BYTES = 64 << 10

/** Joins small pieces: each write is a round trip to another thread. */
function* joined(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const page = Buffer.allocUnsafeSlow(JOINED_BYTES)
  let used = 0
  for (const piece of pieces) {
    if (used + piece.length > page.length) {
      yield page.subarray(0, used)
      used = 0
    }
    if (piece.length > page.length) {
      yield piece
      continue
    }
    page.set(piece, used)
    used += piece.length
  }
  yield page.subarray(0, used)
}

/** Yields values that follow one another in their block as one piece. */
function* runs({ blocks, length, block, index }: Selection): Generator<Uint8Array> {
  for (let from = 0; from < length; ) {
    let to = from + 1
    while (to < length && block[to] === block[from] && index[to] === (index[to - 1] ?? 0) + 1) to++
    const values = blocks[block[from] ?? 0]
    if (values)
      yield values.bytes.subarray(
        endBefore(values.ends, index[from] ?? 0),
        endBefore(values.ends, (index[to - 1] ?? 0) + 1),
      )
    from = to
  }
}

const PAGE_BYTES = 1 << 20
const HEAD = Buffer.from('{"record":')
const MIDDLE = Buffer.from(',"millrace_at":')
const TAIL = Buffer.from('}\n')
const FRAME_BYTES = HEAD.length + MIDDLE.length + String(2 ** 31).length + TAIL.length

/** Yields a page at a time, the same buffer where it is large enough. */
function* numbered({ blocks, length, block, index }: Selection, base: number): Generator<Uint8Array> {
  const bytesOf = blocks.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  let page = Buffer.allocUnsafeSlow(PAGE_BYTES)
  let used = 0
  for (let i = 0; i < length; i++) {
    const [number, at] = [block[i] ?? 0, index[i] ?? 0]
    const ends = blocks[number]?.ends ?? new Int32Array()
    const [from, to] = [endBefore(ends, at), ends[at] ?? 0]
    if (used + to - from + FRAME_BYTES > page.length) {
      yield page.subarray(0, used)
      used = 0
      if (to - from + FRAME_BYTES > page.length) page = Buffer.allocUnsafeSlow(to - from + FRAME_BYTES)
    }
    used += HEAD.copy(page, used)
    used += bytesOf[number]?.copy(page, used, from, to) ?? 0
    used += MIDDLE.copy(page, used)
    used += page.write(String(base + i), used, 'latin1')
    used += TAIL.copy(page, used)
  }
  yield page.subarray(0, used)
}
