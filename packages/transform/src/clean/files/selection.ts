import { type JoinedValues, lowerBound, valueAt } from '@millrace/base'
import { type ReadMessages, thatNeedCloserLook } from '@millrace/formats'

/** Some of the values of some blocks, in their order: numbers, not an object a value. */
export interface Selection {
  readonly blocks: readonly JoinedValues[]
  readonly length: number
  /** For each value, which block it is in, and which of its values it is. */
  readonly block: Int32Array
  readonly index: Int32Array
}

function selectAll(blocks: readonly JoinedValues[]): Selection {
  const length = blocks.reduce((sum, { count }) => sum + count, 0)
  const [block, index] = [new Int32Array(length), new Int32Array(length)]
  let at = 0
  for (const [number, { count }] of blocks.entries()) {
    block.fill(number, at, at + count)
    for (let i = 0; i < count; i++) index[at++] = i
  }
  return { blocks, length, block, index }
}

/** Splits what formats have read into what the fast reader may be given and what needs a closer look. */
export function splitBySuspicion(read: readonly ReadMessages[]): {
  readonly plain: Selection
  readonly suspect: Selection
} {
  const [suspects, rejected]: [number[], number[]] = [[], []]
  let before = 0
  for (const block of read) {
    const gone = new Set([...block.rejected.map(({ index }) => index), ...(block.ignored ?? [])])
    for (const index of thatNeedCloserLook(block.lines)) if (!gone.has(index)) suspects.push(before + index)
    for (const index of gone) rejected.push(before + index)
    before += block.lines.count
  }
  const all = selectAll(read.map(({ lines }) => lines))
  const apart = rejected.length === 0 ? suspects : [...suspects, ...rejected].sort((a, b) => a - b)
  return { plain: splitAt(all, apart).others, suspect: splitAt(all, suspects).at }
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

/** Returns the values at these indexes, which are in order, and the others. */
export function splitAt(
  selection: Selection,
  indexes: readonly number[],
): { readonly at: Selection; readonly others: Selection } {
  if (indexes.length === 0) return { at: slice(selection, 0, 0), others: selection }
  const [at, others] = [new Int32Array(indexes.length), new Int32Array(selection.length - indexes.length)]
  for (let [place, i, j] = [0, 0, 0]; place < selection.length; place++) {
    if (indexes[i] === place) at[i++] = place
    else others[j++] = place
  }
  return { at: pick(selection, at), others: pick(selection, others) }
}

/** Picks by numbers alone: an object a value would take hundreds of bytes for each of a million empty records. */
function pick({ blocks, block, index }: Selection, places: Int32Array): Selection {
  return {
    blocks,
    length: places.length,
    block: places.map((place) => block[place] as number),
    index: places.map((place) => index[place] as number),
  }
}

/** Returns the values that are in one block. */
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
