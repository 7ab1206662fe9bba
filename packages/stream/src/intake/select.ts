import { keyAt, valueAt } from '@millrace/base'
import type { HeldRecords, SelectedBlock, UnrecognizedRecord } from '@millrace/outputs'
import { type Block, partitionKey, pickRecords, reached } from '@millrace/transport'
import { belongingOf, type Kinds } from '../routes/kinds.ts'
import type { TakenBlock } from './repeats.ts'

/** Decides which records are left out of a batch before it is cleaned. */
export interface Selection {
  /** Records that an output holds already, by partition. */
  readonly held: ReadonlyMap<string, HeldRecords>
  /** Kinds by topic; a topic without an entry is this data set's alone. */
  readonly kinds: ReadonlyMap<string, Kinds>
}

/** Selects the records of a block that are this data set's and new. */
export function selectRecords(block: TakenBlock, { held: heldBy, kinds: kindsOf }: Selection): SelectedBlock {
  const held = heldOffsets(block, heldBy)
  const kinds = kindsOf.get(block.partition.topic)
  const counts = { held: 0, elsewhere: 0, repeated: 0 }
  const messages = block.original ?? block
  const read = block.messages === undefined ? {} : { read: block.messages }
  if (!held && !kinds && !block.repeats && !block.oversized) {
    return { block, messages, unrecognized: [], ...read, ...counts }
  }

  const kept: number[] = []
  const unrecognized: UnrecognizedRecord[] = []
  for (let i = 0; i < block.count; i++) {
    const offset = String(block.offsets[i])
    const oversized = block.oversized?.get(i)
    const belonging = oversized !== undefined ? tooLarge(oversized) : kinds ? belongingOf(kinds, block, i) : 'mine'
    if (held?.has(offset)) counts.held++
    else if (belonging === 'elsewhere') counts.elsewhere++
    else if (belonging !== 'mine' && kinds && !kinds.takesUnrecognized) counts.elsewhere++
    else if (block.repeats?.has(i)) counts.repeated++
    else if (belonging === 'mine') kept.push(i)
    else {
      const time = block.times[i] ?? 0
      unrecognized.push({
        offset,
        time,
        reason: belonging.unrecognized,
        value: valueAt(block, i),
        key: keyAt(block, i),
      })
    }
  }
  return { block: pickRecords(block, kept), messages, unrecognized, ...read, ...counts }
}

/** Returns the reason for a record that is too large to be read: its quarantine row has only its offset. */
function tooLarge(bytes: number) {
  return { unrecognized: `too large to be read: ${bytes} bytes; the source has it at this offset` }
}

function heldOffsets(block: Block, held: ReadonlyMap<string, HeldRecords>): ReadonlySet<string> | undefined {
  const of = held.get(partitionKey(block.partition))
  return of && !reached(block.from, of.until) ? of.offsets : undefined
}
