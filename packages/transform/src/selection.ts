import { type JoinedValues, lowerBound, thoseInNeedOfCare, valueAt } from '@millrace/base'

/** Some of the values of some blocks, in their order. Numbers, no object a value. */
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

/** Those that newlines can join, and the others. */
export function sortByCare(blocks: readonly JoinedValues[]): {
  readonly plain: Selection
  readonly careful: Selection
} {
  const places: number[] = []
  let before = 0
  for (const block of blocks) {
    if (block.careful) for (const index of thoseInNeedOfCare(block)) places.push(before + index)
    before += block.count
  }
  const { at, others } = partAt(selectAll(blocks), places)
  return { plain: others, careful: at }
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

/** The values at these places, which are in order, and the others. */
export function partAt(
  selection: Selection,
  places: readonly number[],
): { readonly at: Selection; readonly others: Selection } {
  const at = places.map((place) => slice(selection, place, place + 1))
  const after = [0, ...places.map((place) => place + 1)]
  const others = after.map((from, i) => slice(selection, from, places[i] ?? selection.length))
  return { at: concat(selection.blocks, at), others: concat(selection.blocks, others) }
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
