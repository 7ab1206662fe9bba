import { MillraceError } from '@millrace/base'
import type { Actions } from './actions.ts'

/** Refuses a compaction with repeated files or writers: it was made by joining commits without reconciling them. */
export function refuseUnreconciled({ add, remove, txn }: Actions, url: string): void {
  const files = [...add, ...remove].map(
    ({ path, deletionVector: vector }) =>
      `${path} ${vector ? `${vector.storageType}${vector.pathOrInlineDv}@${vector.offset ?? ''}` : ''}`,
  )
  const repeated =
    firstRepeated(files) ?? firstRepeated(txn.map(({ appId }) => appId)) ?? firstRepeated(add.map(({ path }) => path))
  if (repeated === undefined) return
  throw new MillraceError('TABLE_BROKEN', `${url}: the commits that it replaces are gone, and it repeats ${repeated}`)
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}
