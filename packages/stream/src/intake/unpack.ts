import { pickValues } from '@millrace/base'
import type { UnpackedMessages } from '@millrace/formats'
import { type Block, pickRecords, type Source } from '@millrace/transport'
import type { TakenBlock } from './repeats.ts'

/**
 * Yields the records of messages that hold several as blocks of their own. A block covers whole messages, so that a
 * position never lies within one. Its records go by their message's offset and their place in it: `12[0]`, `12[1]`.
 */
export function* unpackBlock(
  block: TakenBlock,
  portions: Iterable<UnpackedMessages>,
  positionOf: Source['positionOf'],
  keepsMessages: boolean,
): Generator<TakenBlock> {
  let [first, from] = [0, block.from]
  for (const portion of portions) {
    const following = block.offsets[portion.next]
    const to = following === undefined ? block.to : positionOf(following)
    const original = keepsMessages ? { original: { ...messagesOf(block, first, portion.next), from, to } } : {}
    const messages = portion.next - first
    yield { ...recordsOf(block, portion), from, to, messages, ...original, ...endOf(block, portion) }
    ;[first, from] = [portion.next, to]
  }
}

/** Copies messages: the block's bytes are written over once its records have been handed over. */
function messagesOf(block: TakenBlock, first: number, next: number): Block {
  const { recycle: _, ...messages } = block
  const kept = Array.from({ length: next - first }, (_, i) => first + i)
  return { ...pickRecords(messages, kept), ...pickValues(messages, kept) }
}

function recordsOf(block: TakenBlock, portion: UnpackedMessages) {
  const { partition, offsets, times, keys, headers, repeats, oversized } = block
  const { values, message, place } = portion
  const records = [...message.keys()]
  const of = (record: number) => message[record] as number
  const tooLarge = records.flatMap((record) => {
    const bytes = oversized?.get(of(record))
    return bytes === undefined ? [] : [[record, bytes] as const]
  })
  return {
    ...values,
    partition,
    offsets: records.map((record) => {
      const [offset, at] = [offsets[of(record)], place[record] as number]
      return at < 0 ? String(offset) : `${offset}[${at}]`
    }),
    times: Float64Array.from(message, (index) => times[index] ?? 0),
    ...(keys && { keys: records.map((record) => keys[of(record)]) }),
    ...(headers && { headers: records.map((record) => headers[of(record)]) }),
    ...(repeats && { repeats: new Set(records.filter((record) => repeats.has(of(record)))) }),
    ...(oversized && { oversized: new Map(tooLarge) }),
  }
}

/** What is said of a block as a whole holds for its last portion. */
function endOf({ last, behind, count }: TakenBlock, { next }: UnpackedMessages): Pick<TakenBlock, 'last' | 'behind'> {
  return next < count ? {} : { ...(last && { last }), ...(behind && { behind }) }
}
