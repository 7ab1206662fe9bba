import { MillraceError, type Runtime } from '@millrace/base'
import { type Partition, partitionKey } from '../../source.ts'
import { openPieces, type Piece, type Pieces } from './pieces.ts'
import type { RecordBatch } from './record-batch.ts'

/** Batches too large to be unpacked at once, of which one at a time is read, piece by piece. */
export interface LargeBatches {
  /** Takes the batch that holds `from`, unless another one is under way. The bytes of its records are copied. */
  take(partition: Partition, from: number, batch: RecordBatch): boolean
  /** Whether the batch of this partition that was refused at `from` would be refused again. */
  refuses(partition: Partition, from: number): boolean
  /** Returns what follows from `from` on, if that is in the batch under way. */
  next(partition: Partition, from: number, maxBytes: number): Promise<LargePiece | undefined>
  close(): void
}

export interface LargePiece extends Piece {
  readonly batch: RecordBatch
}

/** A batch that nobody has read from for this long is abandoned, and another may be unpacked. */
const GIVEN_UP_MS = 5_000

interface UnderWay {
  readonly key: string
  readonly identity: string
  readonly batch: RecordBatch
  readonly pieces: Pieces
  at: number
  busy: boolean
  usedAt: number
}

export function createLargeBatches(runtime: Runtime): LargeBatches {
  let current: UnderWay | undefined
  const end = () => {
    const ended = current
    current = undefined
    ended?.pieces.close().catch(() => {})
  }
  const isTaken = (key: string) =>
    current !== undefined &&
    (current.busy || (current.key !== key && runtime.monotonic() - current.usedAt < GIVEN_UP_MS))
  /** Batches known to be too large: finding that out takes time and memory. */
  const refused = new Map<string, number>()
  return {
    refuses: (partition, from) => refused.get(partitionKey(partition)) === from && isTaken(partitionKey(partition)),
    take(partition, from, batch) {
      const key = partitionKey(partition)
      if (isTaken(key)) {
        refused.set(key, from)
        return false
      }
      refused.delete(key)
      end()
      const copy = { ...batch, records: Buffer.from(batch.records) }
      const usedAt = runtime.monotonic()
      current = {
        key,
        identity: partition.identity,
        batch: copy,
        pieces: openPieces(copy),
        at: from,
        busy: false,
        usedAt,
      }
      return true
    },
    async next(partition, from, maxBytes) {
      const one = current
      if (!one || one.busy || one.at !== from) return undefined
      if (one.key !== partitionKey(partition) || one.identity !== partition.identity) return undefined
      one.busy = true
      try {
        const piece = await one.pieces.next(from, maxBytes)
        one.at = piece.next
        if (piece.done && current === one) end()
        return { ...piece, batch: one.batch }
      } catch (error) {
        if (current === one) end()
        if (error instanceof MillraceError) throw error
        throw new MillraceError('SOURCE_DAMAGED', `a record batch of ${one.key} can't be read`, { cause: error })
      } finally {
        one.busy = false
        one.usedAt = runtime.monotonic()
      }
    },
    close: end,
  }
}
