import type { Format } from '@millrace/formats'
import type { RawBlock } from './raw-blocks.ts'

/** Yields the records of a block; where a line or a message holds several, they come in blocks of their own. */
export function* unpackBlock(block: RawBlock, format: Format): Generator<RawBlock> {
  const portions = block.converted ? undefined : format.unpack?.(block.values)
  if (!portions) return yield block
  let { rejected } = block
  for (const { values, message, place } of portions) {
    const placeOf = (index: number) => {
      const within = place[index] ?? -1
      return { ...block.placeOf(message[index] ?? 0), ...(within >= 0 && { within }) }
    }
    yield { values, placeOf, rejected }
    rejected = []
  }
}
