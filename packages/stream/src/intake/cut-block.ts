import { type Block, type Position, pickRecords, reached, type Source, samePosition } from '@millrace/transport'
import type { TakenBlock } from './repeats.ts'

/** Returns a block as it is, unless it goes over a position: then the part that comes before it. */
export function cutBlock(block: Block, at: Position, { positionOf }: Pick<Source, 'positionOf'>): TakenBlock {
  if (samePosition(block.from, at)) return { ...block, isCutOff: true }
  if (reached(block.from, at) || reached(at, block.to)) return block
  const all = Array.from({ length: block.count }, (_, i) => i)
  const before = all.filter((i) => !reached(positionOf(block.offsets[i] ?? 0n), at))
  const { last: _, ...part } = pickRecords(block, before)
  return { ...part, to: at }
}
