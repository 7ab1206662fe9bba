import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { endBefore, type Runtime } from '@millrace/base'
import type { DuckDB } from '@millrace/lake'
import { type Selection, slice } from './selection.ts'

/** Where records are written for the engine to read: halves, side by side, for every thread of it waits for them. */
export type LineFiles = readonly [string, string]

interface Shelf {
  readonly name: string
  /** By work folder. */
  readonly idle: Map<string, LineFiles[]>
  made: number
}

const shelves = new WeakMap<DuckDB, Shelf>()

/**
 * Lends files that are written over and over, and go with the work folder: the system takes six times longer to
 * find memory for new ones than to write over what is there.
 */
export async function withLineFiles<T>(
  { engine, workFolder, runtime }: { engine: DuckDB; workFolder: string; runtime: Runtime },
  use: (files: LineFiles) => Promise<T>,
): Promise<T> {
  const shelf = shelves.get(engine) ?? { name: runtime.uuid(), idle: new Map(), made: 0 }
  shelves.set(engine, shelf)
  const idle = shelf.idle.get(workFolder) ?? []
  shelf.idle.set(workFolder, idle)
  const files = idle.pop() ?? newFiles(join(workFolder, `${shelf.name}-${shelf.made++}`))
  try {
    return await use(files)
  } finally {
    idle.push(files)
  }
}

function newFiles(path: string): LineFiles {
  return [`${path}.0.jsonl`, `${path}.1.jsonl`]
}

/** One line a value, instead of what was there. */
export async function writeLines(files: LineFiles, selection: Selection): Promise<void> {
  const middle = selection.length >>> 1
  const halves = [slice(selection, 0, middle), slice(selection, middle, selection.length)]
  await Promise.all(files.map((file, i) => writeFile(file, halves[i] ?? selection)))
}

async function writeFile(path: string, selection: Selection): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT)
  try {
    let size = 0
    for (const bytes of runs(selection)) {
      await writeWhole(file, bytes, size)
      size += bytes.length
    }
    await file.truncate(size)
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

/** Values that follow one another in their block are written at once. */
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
