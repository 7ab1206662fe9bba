import { MillraceError } from '@millrace/base'
import { columnsToAdd, commit, openTable, uploadAll } from '@millrace/delta'
import { quoteText } from '@millrace/engine'
import { type Cleaner, type Dataset, modeOf } from '@millrace/transform'
import { nullColumns } from '../delta/null-columns.ts'
import { refuseHeaders } from '../modes.ts'
import {
  blocksOf,
  interruptedIds,
  mark,
  openQuarantine,
  type QuarantineContext,
  RECORDS_AT_ONCE,
  type RejectedRow,
  rejectedRows,
} from './rejected-rows.ts'

export type ReplayOptions = QuarantineContext & {
  readonly dataset: Dataset
  readonly cleaner: Cleaner
  /** Columns of the table that the data set does not fill and that may be NULL. */
  readonly nullColumns?: readonly string[]
}

export interface ReplayTotals {
  readonly replayed: number
  readonly stillBad: number
}

/**
 * Cleans rejected records again, by the current rules. It spans two tables, so it goes by marks: the good ones of a
 * chunk are marked `replaying:<id>`, appended with a txn that names the id, then marked `replayed:<id>`. Killed
 * anywhere, the next replay finishes the id first; the txn shows whether the rows are in already.
 */
export async function replayQuarantine(parts: ReplayOptions): Promise<ReplayTotals> {
  refuseKeyed(parts.dataset)
  refuseHeaders(parts.dataset, 'the replay of the quarantine')
  if (parts.dataset.onSchemaChange !== 'evolve') {
    await nullColumns({ store: parts.store, path: parts.path }, parts.dataset, parts.nullColumns)
  }
  let replayed = await finishInterrupted(parts)
  let stillBad = 0
  const quarantine = await openQuarantine(parts)
  for (let from = 0; ; from += RECORDS_AT_ONCE) {
    const chunk = await rejectedRows(quarantine, "state = 'bad'", from, parts.engine)
    if (chunk.length === 0) return { replayed, stillBad }
    const good = await goodOf(chunk, parts)
    stillBad += chunk.length - good.length
    if (good.length === 0) continue
    const id = parts.runtime.uuid()
    await mark(good, `replaying:${id}`, parts)
    parts.runtime.crashPoint('marked')
    await append(good, id, parts)
    parts.runtime.crashPoint('appended')
    await mark(good, `replayed:${id}`, parts)
    replayed += good.length
  }
}

/** Changes take effect in the order of their topic; a replay comes after those that were read since. */
function refuseKeyed(dataset: Dataset): void {
  const mode = modeOf(dataset)
  if (mode === 'append') return
  const what = `data set ${dataset.name}: the quarantine of a table with "mode": "${mode}" is not replayed`
  throw new MillraceError('DATASET_INVALID', what, {
    next: 'Have these records sent again, or clean the topic again into a new table by a group of its own.',
  })
}

async function finishInterrupted(parts: ReplayOptions): Promise<number> {
  const quarantine = await openQuarantine(parts)
  let finished = 0
  for (const id of await interruptedIds(quarantine, parts.engine)) {
    const marked = await rejectedRows(quarantine, `state = ${quoteText(`replaying:${id}`)}`, 0, parts.engine)
    const table = await openTable({ store: parts.store, path: parts.path })
    const isIn = table?.txns.has(txnOf(id)) ?? false
    // The rules may have changed since the marking: records that they reject now get their old state back.
    const good = isIn ? marked : await goodOf(marked, parts)
    const bad = marked.filter((record) => !good.includes(record))
    if (bad.length > 0) await mark(bad, 'bad', parts)
    if (!isIn && good.length > 0) await append(good, id, parts)
    if (good.length > 0) await mark(good, `replayed:${id}`, parts)
    finished += good.length
  }
  return finished
}

async function goodOf(chunk: readonly RejectedRow[], parts: ReplayOptions): Promise<RejectedRow[]> {
  const blocks = blocksOf(chunk)
  const table = await openTable({ store: parts.store, path: parts.path })
  const report = await parts.cleaner.checkRecords(parts.dataset, blocks, undefined, table)
  const bad = new Set(report.rejected.map(({ block, index }) => `${block} ${index}`))
  const places = blocks.flatMap(({ count }, block) => Array.from({ length: count }, (_, index) => `${block} ${index}`))
  return chunk.filter((_, at) => !bad.has(places[at] as string))
}

async function append(good: readonly RejectedRow[], id: string, parts: ReplayOptions): Promise<void> {
  const { store, path, dataset, runtime } = parts
  const snapshot = await openTable({ store, path })
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `${store.url}/${path} is not there any more`)
  const takesNewColumns = dataset.onSchemaChange === 'evolve'
  const { files, stagedFor } = await parts.cleaner.cleanIntoFiles(dataset, blocksOf(good), {
    snapshot,
    takesNewColumns,
  })
  const columns = takesNewColumns ? columnsToAdd(snapshot, stagedFor) : {}
  if (columns === 'conflict')
    throw new MillraceError('INTERNAL', `${store.url}/${path}: columns do not fit their table`)
  await uploadAll(snapshot.table, files)
  const appId = txnOf(id)
  const { outcome } = await commit(
    snapshot,
    {
      operation: 'STREAMING UPDATE',
      parameters: { replay: id },
      ...columns,
      add: files.map(({ add }) => add),
      txn: [{ appId, version: 1n, lastUpdated: runtime.now() }],
      fence: (latest) => !latest.txns.has(appId),
      info: { millrace: { dataset: dataset.name, replayed: good.length } },
    },
    runtime,
  )
  if (outcome !== 'committed')
    throw new MillraceError('TABLE_CONFLICT', `${store.url}/${path}: replay ${id} was ${outcome}`)
}

function txnOf(id: string): string {
  return `millrace-replay/${id}`
}
