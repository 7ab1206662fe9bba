import { type Dataset, type Mode, modeOf } from '@millrace/transform'
import type { Advance } from '../advance.ts'

/**
 * A commit's account of one partition, so that anyone can add it up: where it was read from and to, and the outcome of
 * the records in between. Positions are text: they may be wider than a number.
 */
export interface LedgerEntry {
  readonly topic: string
  readonly identity: string
  readonly partition: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** What the source counts: a message may hold several records. */
  readonly messages: number
  readonly records: number
  readonly rows: number
  readonly quarantined: number
  readonly filtered: number
  /** Records of a shared topic that are another data set's. */
  readonly elsewhere?: number
  /** Records that repeat one that came before. */
  readonly repeated?: number
}

export interface Ledger {
  readonly group: string
  readonly dataset: string
  /** Set for a keyed table: its rows are changes, and the table may get fewer rows than that. */
  readonly mode?: Mode
  readonly entries: readonly LedgerEntry[]
}

export interface NoRows {
  readonly quarantined: number
  readonly filtered: number
  readonly elsewhere: number
  readonly repeated: number
}

export function ledgerEntry(
  { partition, from, to, messages, records }: Advance,
  { quarantined, filtered, elsewhere, repeated }: NoRows,
): LedgerEntry {
  return {
    topic: partition.topic,
    identity: partition.identity,
    partition: partition.id,
    from: from.map(String),
    to: to.map(String),
    messages,
    records,
    rows: records - quarantined - filtered - elsewhere - repeated,
    quarantined,
    filtered,
    ...(elsewhere > 0 && { elsewhere }),
    ...(repeated > 0 && { repeated }),
  }
}

export function ledgerInfo(group: string, dataset: Dataset, entries: readonly LedgerEntry[]) {
  const mode = modeOf(dataset)
  const ledger: Ledger = { group, dataset: dataset.name, ...(mode !== 'append' && { mode }), entries }
  return { millrace: ledger }
}
