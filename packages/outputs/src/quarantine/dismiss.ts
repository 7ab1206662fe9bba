import { MillraceError, type Runtime } from '@millrace/base'
import {
  type AddFile,
  commit,
  openTable,
  planScan,
  removalOf,
  type Snapshot,
  stageRows,
  type TableRef,
  uploadAll,
  withScan,
} from '@millrace/delta'
import { filesOf, type Machine, openMachine, quoteText } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { DISMISSED, quarantinePath } from './table.ts'

/** Which rejected records: those that fit all that is said. */
export interface Which {
  readonly topic?: string
  readonly partition?: string
  readonly offsets?: readonly string[]
  /** A part of the reason for which they were rejected. */
  readonly matching?: string
}

export interface DismissOptions {
  readonly lake: string
  /** The tables whose quarantines are searched. */
  readonly tables: readonly string[]
  readonly which: Which
  /** Why nobody will take them up again. It is kept with each of them. */
  readonly reason: string
}

/**
 * Marks rejected records as given up: they stay in the quarantine, a replay leaves them alone, and lists leave them
 * out. Returns how many there were, by table.
 */
export async function dismissRecords(options: DismissOptions, runtime: Runtime): Promise<Map<string, number>> {
  const store = await openLake(options.lake)
  await using machine = await openMachine(runtime, filesOf(store))
  const counts = new Map<string, number>()
  for (const name of options.tables) {
    const snapshot = await openTable({ store, path: quarantinePath(name) })
    if (snapshot) counts.set(name, await dismissIn(snapshot, options, machine))
  }
  return counts
}

/** Writes the files that hold such records anew, each for itself: its tags say whose records it holds. */
async function dismissIn(
  snapshot: Snapshot,
  { which, reason }: DismissOptions,
  { engine, workFolder, runtime }: Machine,
): Promise<number> {
  const [isMeant, now] = [conditionOf(which), runtime.now()]
  const state = quoteText(`${DISMISSED}${reason}`)
  const [add, remove]: [AddFile[], AddFile[]] = [[], []]
  let count = 0
  const connection = await engine.connect()
  try {
    for (const file of snapshot.files.values()) {
      const scan = { ...planScan(snapshot), files: [file] }
      const staged = await withScan(scan, connection, async (rows) => {
        const found = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM (${rows}) WHERE ${isMeant}`)
        const records = Number(found.getRows()[0]?.[0])
        count += records
        const marked = `SELECT * REPLACE (CASE WHEN ${isMeant} THEN ${state} ELSE state END AS state) FROM (${rows})`
        return records === 0 ? [] : stageRows(connection, marked, snapshot, workFolder, runtime)
      })
      if (staged.length === 0) continue
      await uploadAll(snapshot.table, staged)
      add.push(...staged.map((each) => ({ ...each.add, ...(file.tags && { tags: file.tags }) })))
      remove.push(file)
    }
  } finally {
    connection.closeSync()
  }
  if (count > 0) await replace(snapshot, add, remove, now, runtime)
  return count
}

async function replace(
  snapshot: Snapshot,
  add: readonly AddFile[],
  files: readonly AddFile[],
  now: number,
  runtime: Runtime,
): Promise<void> {
  const remove = files.map((file) => removalOf(file, now))
  const { outcome } = await commit(snapshot, { operation: 'UPDATE', parameters: {}, add, remove }, runtime)
  if (outcome === 'committed') return
  throw new MillraceError('TABLE_CONFLICT', `${nameOf(snapshot.table)}: others changed it meanwhile`)
}

function nameOf({ store, path }: TableRef): string {
  return `${store.url}/${path}`
}

/** Records that are replayed, or about to be, are rows of their table. */
function conditionOf({ topic, partition, offsets, matching }: Which): string {
  const conditions = [
    `state IN ('bad', 'unrecognized')`,
    ...(topic === undefined ? [] : [`topic = ${quoteText(topic)}`]),
    ...(partition === undefined ? [] : [`partition = ${quoteText(partition)}`]),
    ...(offsets === undefined ? [] : [`"offset" IN (${offsets.map(quoteText).join(', ')})`]),
    ...(matching === undefined ? [] : [`contains(reason, ${quoteText(matching)})`]),
  ]
  return conditions.join(' AND ')
}
