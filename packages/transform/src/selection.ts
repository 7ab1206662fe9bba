import { type FileHandle, open } from 'node:fs/promises'
import { endBefore, type JoinedValues, lowerBound, needsCare, valueAt } from '@millrace/base'

/** Some of the values of some blocks, in their order. Numbers, no object a value. */
export interface Selection {
  readonly blocks: readonly JoinedValues[]
  readonly length: number
  /** For each value, which block it is in, and which of its values it is. */
  readonly block: Int32Array
  readonly index: Int32Array
}

export function selectAll(blocks: readonly JoinedValues[]): Selection {
  return select(blocks, () => true)
}

/** Those that newlines can join, and the others. */
export function sortByCare(blocks: readonly JoinedValues[]): {
  readonly plain: Selection
  readonly careful: Selection
} {
  const plain = (block: JoinedValues, index: number) => !block.careful || !needsCare(valueAt(block, index))
  return {
    plain: select(blocks, plain),
    careful: select(blocks, (block, index) => !plain(block, index)),
  }
}

function select(blocks: readonly JoinedValues[], wanted: (block: JoinedValues, index: number) => boolean): Selection {
  const most = blocks.reduce((sum, { count }) => sum + count, 0)
  const [block, index] = [new Int32Array(most), new Int32Array(most)]
  let length = 0
  for (const [number, values] of blocks.entries()) {
    for (let i = 0; i < values.count; i++) {
      if (!wanted(values, i)) continue
      block[length] = number
      index[length++] = i
    }
  }
  return { blocks, length, block: block.subarray(0, length), index: index.subarray(0, length) }
}

export function slice({ blocks, block, index }: Selection, from: number, to: number): Selection {
  return { blocks, length: to - from, block: block.subarray(from, to), index: index.subarray(from, to) }
}

export function concat(blocks: readonly JoinedValues[], parts: readonly Selection[]): Selection {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const [block, index] = [new Int32Array(length), new Int32Array(length)]
  let at = 0
  for (const part of parts) {
    block.set(part.block, at)
    index.set(part.index, at)
    at += part.length
  }
  return { blocks, length, block, index }
}

/** The values that are in one block. */
export function withinBlock(selection: Selection, block: number): Selection {
  const from = lowerBound(selection.block, block)
  return slice(selection, from, lowerBound(selection.block, block + 1))
}

export function valueIn({ blocks, block, index }: Selection, at: number): Uint8Array | null {
  const values = blocks[block[at] ?? -1]
  const i = index[at]
  if (values === undefined || i === undefined) throw new RangeError(`no value ${at} in the selection`)
  return valueAt(values, i)
}

/** Where `writeLines` writes: halves, side by side, for writing is what every thread of the engine waits for. */
export const lineFiles = (path: string) => [`${path}.0`, `${path}.1`]

/** One line a value. */
export async function writeLines(path: string, selection: Selection): Promise<string[]> {
  const middle = selection.length >>> 1
  const halves = [slice(selection, 0, middle), slice(selection, middle, selection.length)]
  const files = lineFiles(path)
  await Promise.all(files.map((file, i) => writeFile(file, halves[i] ?? selection)))
  return files
}

async function writeFile(path: string, selection: Selection): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const bytes of runs(selection)) await writeWhole(file, bytes)
  } finally {
    await file.close()
  }
}

/** FileHandle.writeFile would write half a megabyte at a time, each on a thread's round trip. */
async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
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
