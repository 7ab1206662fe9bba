import { pickValues, valueAt } from '@millrace/base'
import type { Block } from '@millrace/transport'
import type { TakenBlock } from '../intake/repeats.ts'
import { belongingOf, type Kinds } from '../routes/kinds.ts'
import type { KnownBad } from './known-bad.ts'

/** What of a block goes on to be cleaned, and what became of the rest. */
export interface Sifted {
  readonly block: Block
  /** Were in the quarantine already. */
  readonly known: number
  /** Are another data set's. */
  readonly elsewhere: number
  /** Repeat a record that came before. */
  readonly repeated: number
  readonly strays: readonly Stray[]
}

/** A record of no known kind. */
export interface Stray {
  readonly index: number
  readonly reason: string
  readonly value: Uint8Array | null
}

export interface Sieve {
  readonly known: KnownBad
  /** By topic; a topic that is not here is this data set's alone. */
  readonly kinds: ReadonlyMap<string, Kinds>
}

export function siftBlock(block: TakenBlock, { known, kinds: kindsOf }: Sieve): Sifted {
  const ahead = known.offsetsAhead(block)
  const kinds = kindsOf.get(block.partition.topic)
  const counts = { known: 0, elsewhere: 0, repeated: 0 }
  if (!ahead && !kinds && !block.repeats && !block.oversized) return { block, strays: [], ...counts }

  const kept: number[] = []
  const strays: Stray[] = []
  for (let i = 0; i < block.count; i++) {
    const oversized = block.oversized?.get(i)
    const belonging = oversized !== undefined ? tooLarge(oversized) : kinds ? belongingOf(kinds, block, i) : 'mine'
    if (ahead?.has(String(block.offsets[i]))) counts.known++
    else if (belonging === 'elsewhere') counts.elsewhere++
    else if (belonging !== 'mine' && kinds && !kinds.takesStrays) counts.elsewhere++
    else if (block.repeats?.has(i)) counts.repeated++
    else if (belonging === 'mine') kept.push(i)
    else strays.push({ index: i, reason: belonging.stray, value: valueAt(block, i) })
  }
  return { block: kept.length === block.count ? block : pick(block, kept), strays, ...counts }
}

/** A reference in the place of the record: its row in the quarantine says where it lies. */
function tooLarge(bytes: number) {
  return { stray: `too large to be read: ${bytes} bytes; the source has it at this offset` }
}

function pick(block: Block, kept: readonly number[]): Block {
  const { offsets, times, keys } = block
  return {
    ...block,
    ...pickValues(block, kept),
    offsets:
      offsets instanceof BigInt64Array
        ? BigInt64Array.from(kept, (i) => offsets[i] ?? 0n)
        : kept.map((i) => offsets[i] ?? ''),
    times: Float64Array.from(kept, (i) => times[i] ?? 0),
    ...(keys && { keys: kept.map((i) => keys[i]) }),
  }
}
