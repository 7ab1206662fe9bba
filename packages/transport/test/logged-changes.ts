import { valueAt } from '@millrace/base'
import type { Block } from '@millrace/transport'

/** A change as it comes out of the log of a database. */
export interface Change {
  readonly op: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly source: Readonly<Record<string, unknown>>
  readonly key: unknown
}

export function changesIn(block: Block): Change[] {
  return Array.from({ length: block.count }, (_, i) => {
    const change = JSON.parse(Buffer.from(valueAt(block, i) ?? []).toString()) as Change
    return { ...change, key: JSON.parse(block.keys?.[i] ?? 'null') }
  })
}

/** The rows that changes leave, by key. */
export function applied(changes: readonly Change[]): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (const { op, key, after } of changes) {
    if (op === 't') rows.clear()
    else if (op === 'd') rows.delete(JSON.stringify(key))
    else rows.set(JSON.stringify(key), after)
  }
  return rows
}

/** Returns rows by their ids. */
export const inOrder = (rows: ReadonlyMap<string, unknown>) =>
  [...rows.values()].sort((a, b) => Number((a as { id: number }).id) - Number((b as { id: number }).id))
