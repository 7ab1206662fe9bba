import { MillraceError } from '@millrace/base'
import { type Block, type Partition, partitionKey, reached, type Source } from '@millrace/transport'

/** A block, and which of its records repeat an earlier one. */
export interface TakenBlock extends Block {
  readonly repeats?: ReadonlySet<number>
  /** The messages that its records came in, where they are wanted and are others. */
  readonly original?: Block
  /** How many messages its records came in, where a message holds several. */
  readonly messages?: number
  /** Begins where blocks are cut: it stays apart from those before it. */
  readonly isCutOff?: true
  /** How many blocks were joined into it, where there were several. */
  readonly parts?: number
}

/**
 * How far back a repeated id is searched, in offsets of its partition. Whether a record is a repeat depends only on
 * what the partition has before it: so every worker decides the same, now and after a restart.
 */
export const REPEAT_SPAN = 50_000n

const READ = { maxBytes: 8 << 20, waitMs: 5_000 }

/** Finds the repeats in the blocks of one partition, which come in order. Costs nothing for blocks without ids. */
export function findRepeats(source: Source, partition: Partition): (block: Block) => Promise<TakenBlock> {
  const lastSeen = new Map<string, bigint>()
  let lookedBack = false

  const see = (id: string, offset: bigint): boolean => {
    const before = lastSeen.get(id)
    // The newest are last.
    lastSeen.delete(id)
    lastSeen.set(id, offset)
    return before !== undefined && offset - before <= REPEAT_SPAN
  }
  const note = ({ ids, offsets }: Block): Set<number> => {
    const repeats = new Set<number>()
    ids?.forEach((id, i) => {
      if (id !== undefined && see(id, BigInt(offsets[i] ?? 0))) repeats.add(i)
    })
    return repeats
  }
  const forgetBefore = (offset: bigint) => {
    for (const [id, seen] of lastSeen) {
      if (seen >= offset) return
      lastSeen.delete(id)
    }
  }
  return async (block) => {
    if (!block.ids) return block
    if (!lookedBack) await readBack(source, partition, block.from, note)
    lookedBack = true
    const repeats = note(block)
    forgetBefore((block.to[0] ?? 0n) - REPEAT_SPAN)
    return repeats.size === 0 ? block : { ...block, repeats }
  }
}

/** Reads the ids before a position, as far back as they matter and still exist. */
async function readBack(
  source: Source,
  partition: Partition,
  position: readonly bigint[],
  note: (block: Block) => void,
): Promise<void> {
  const [to = 0n] = position
  for (let at = await first(source, partition, to); !reached([at], [to]); ) {
    try {
      const block = await source.read(partition, [at], READ)
      // Not the end: the block that the search starts from is there.
      if (!block) throw new MillraceError('SOURCE_UNREACHABLE', `${partitionKey(partition)} did not answer at ${at}`)
      if (block.ids) note(upTo(block, to))
      at = block.to[0] ?? to
      block.recycle?.()
    } catch (error) {
      // Retention has deleted records meanwhile.
      if (!(error instanceof MillraceError) || error.code !== 'OFFSET_OUT_OF_RANGE') throw error
      at = await first(source, partition, to)
    }
  }
}

async function first(source: Source, partition: Partition, to: bigint): Promise<bigint> {
  const [earliest = 0n] = await source.resolve(partition, 'earliest')
  const wanted = to - REPEAT_SPAN
  return earliest > wanted ? earliest : wanted
}

function upTo(block: Block, to: bigint): Block {
  const ids = block.ids?.map((id, i) => (BigInt(block.offsets[i] ?? 0) < to ? id : undefined))
  return { ...block, ...(ids && { ids }) }
}
