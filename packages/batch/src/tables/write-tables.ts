import type { Dataset } from '@millrace/transform'
import type { OpenRows } from '../input/database.ts'
import { openSource, type Wanted } from '../input/source.ts'
import { tablePortions } from '../input/table-rows.ts'
import type { Manifest, TableNotes } from '../manifest.ts'
import type { RunParts } from '../parts.ts'
import type { Steps } from '../steps.ts'
import { writeCleanTable } from './clean-table.ts'
import type { Portions } from './staging.ts'

/** Options of a run that its tables are written by. */
export interface WritingOptions extends Wanted {
  readonly openRows: OpenRows
  /** Reports how many records of a data set have been read so far. */
  readonly onRecords?: (dataset: string, records: number) => void
  /** Reports how many partitions a table will have rows in, before that is committed. */
  readonly onPartitions?: (table: string, partitions: number) => void
}

/**
 * Writes the tables one after another. A table begins when the records of the one before are cleaned: while it is read,
 * the duplicates of the other are found. At most two are under way, because they share the engine's memory.
 */
export async function writeTables(
  datasets: readonly Dataset[],
  manifest: Manifest,
  steps: Steps,
  options: WritingOptions,
  parts: RunParts,
): Promise<ReadonlyMap<string, TableNotes>> {
  const writing: Promise<readonly [string, TableNotes]>[] = []
  let failure: { readonly error: unknown } | undefined
  const write = async (dataset: Dataset, whenStaged: () => void): Promise<readonly [string, TableNotes]> => {
    const portions = () => portionsOf(manifest, dataset, options, parts)
    const onRecords = (records: number) => {
      steps.stopIfAsked()
      // A failure of one table ends the run at once, not when the other table is written.
      if (failure) throw failure.error
      options.onRecords?.(dataset.name, records)
    }
    try {
      const onPartitions = (table: string, partitions: number) => options.onPartitions?.(table, partitions)
      const listener = { onRecords, onStaged: whenStaged, onPartitions }
      return [dataset.name, await writeCleanTable(dataset, manifest, portions, parts, listener)]
    } catch (error) {
      failure ??= { error }
      throw failure.error
    }
  }
  try {
    for (const dataset of datasets) {
      await writing.at(-2)
      const staged = Promise.withResolvers<void>()
      writing.push(steps.take(dataset.name, () => write(dataset, staged.resolve)))
      await Promise.race([staged.promise, Promise.all(writing)])
    }
    return new Map(await Promise.all(writing))
  } finally {
    await Promise.allSettled(writing)
  }
}

async function portionsOf(
  manifest: Manifest,
  dataset: Dataset,
  options: WritingOptions,
  parts: RunParts,
): Promise<Portions> {
  const { lake, runtime } = parts
  const input = manifest.inputs[dataset.name]
  if (input === undefined) return { kind: 'clean', scans: [] }
  if (input.kind === 'table') return { kind: 'clean', scans: await tablePortions(lake, input) }
  const { raw } = await openSource(lake, manifest.raw ?? undefined, {
    wanted: options,
    openRows: options.openRows,
    runtime,
  })
  return { kind: 'raw', store: raw ?? lake, objects: input.objects }
}
