import { MillraceError } from '@millrace/base'
import type { TableRef } from '@millrace/delta'
import { type Partition, type Position, reached, type Source } from '@millrace/transport'
import { auditedCommits } from '../../ledger/audit.ts'
import type { LedgerEntry } from '../../ledger/ledger.ts'
import { comparePositions } from '../../ledger/positions.ts'
import type { PartitionAccount } from './table.ts'

const READ = { maxBytes: 32 << 20, waitMs: 5_000 }

/**
 * Counts in the source what the table says it took from there. Only ranges that begin above the start of the
 * source's log can be compared: what retention has deleted cannot be counted any more.
 */
export async function verifyAgainstSource(
  table: TableRef,
  accounts: readonly PartitionAccount[],
  source: Source,
): Promise<string[]> {
  const problems: string[] = []
  for (const account of accounts) {
    const { topic, identity, partition: id } = account
    const partition = { topic, identity, id }
    const to = account.to.map(BigInt)
    const accounted = await accountedSince(table, account, await comparableFrom(source, partition, to))
    if (!accounted) continue
    const found = await countMessages(source, partition, accounted.from, to)
    if (found === accounted.messages) continue
    problems.push(
      `${topic}/${id}: from ${accounted.from} on the source holds ${found} messages, the table accounts for ${accounted.messages}`,
    )
  }
  return problems
}

/** Returns where the first range may begin whose messages can be counted again. */
export async function comparableFrom(source: Source, partition: Partition, to: Position): Promise<Position> {
  const start = await source.resolve(partition, 'earliest')
  const repeatable = source.repeatableFrom?.(to) ?? start
  return reached(repeatable, start) ? repeatable : start
}

interface Accounted {
  readonly from: Position
  readonly messages: number
}

async function accountedSince(
  table: TableRef,
  account: PartitionAccount,
  start: Position,
): Promise<Accounted | undefined> {
  let accounted: Accounted | undefined
  for await (const { entries } of auditedCommits(table)) {
    for (const entry of entries as unknown as readonly (LedgerEntry & { group: string })[]) {
      const takesBack = comparePositions(entry.to, entry.from) < 0
      const from = (takesBack ? entry.to : entry.from).map(BigInt)
      const mine = entry.group === account.group && entry.topic === account.topic && entry.identity === account.identity
      if (!mine || entry.partition !== account.partition || !reached(from, start)) continue
      accounted = { from: accounted?.from ?? from, messages: (accounted?.messages ?? 0) + entry.messages }
    }
  }
  return accounted
}

export async function countMessages(
  source: Source,
  partition: Partition,
  from: Position,
  to: Position,
): Promise<number> {
  const end = await source.end(partition)
  let count = 0
  for (let at = from; !reached(at, to); ) {
    const block = await source.read(partition, at, READ)
    if (!block) {
      // Records that the table has beyond the end are missing in the count.
      if (end.passedBy(at)) break
      throw new MillraceError(
        'SOURCE_UNREACHABLE',
        `${partition.topic}/${partition.id} did not answer at ${at}, before ${to}, which the table has`,
      )
    }
    count += reached(to, block.to) ? block.count : countBefore(source, block.offsets, to)
    at = block.to
  }
  return count
}

function countBefore(source: Source, offsets: Iterable<bigint | string>, to: Position): number {
  let count = 0
  for (const offset of offsets) if (!reached(source.positionOf(offset), to)) count++
  return count
}
