import { joinValues, MillraceError, systemRuntime } from '@millrace/base'
import { type DatasetDefinition, datasetOf } from './dataset.ts'
import type { Row } from './rows.ts'

export interface CleanOptions {
  /** Folders that are searched for a data set given by name. */
  readonly datasetFolders?: readonly string[]
}

export interface CleanedRecords {
  /** As JSON has them. Of a keyed data set each record is a change: `millrace_deleted` says whether it deletes. */
  readonly rows: readonly Row[]
  readonly rejected: readonly {
    /** Which of the records. */
    readonly index: number
    /** Which of several in it: it is a list of records. */
    readonly place?: number
    readonly reason: string
  }[]
  /** How many rows expectations dropped. */
  readonly filtered: number
  /** Fields that the data set does not know, in some of the records that were looked at. */
  readonly unknownFields: readonly string[]
}

/** Cleans records as a worker would, without a source and without a lake. */
export async function cleanRecords(
  dataset: DatasetDefinition | string,
  records: readonly (string | Uint8Array | object | null)[],
  { datasetFolders = [] }: CleanOptions = {},
): Promise<CleanedRecords> {
  const [{ openMachine, quoteText }, { createCleaner, loadDataset }, { changesInMemory, tableInMemory }, { rowsIn }] =
    await Promise.all([
      import('@millrace/engine'),
      import('@millrace/transform'),
      import('@millrace/outputs'),
      import('./results.ts'),
    ])
  const known = typeof dataset === 'string' ? await loadDataset(dataset, datasetFolders) : await datasetOf(dataset)
  await using machine = await openMachine(systemRuntime, [])
  const block = joinValues(records.map(bytesOf))
  const snapshot = await (known.keyed ? changesInMemory : tableInMemory)(known, machine)
  const portions = [...(known.format.unpack?.(block) ?? [{ values: block }])]
  const blocks = portions.map(({ values }) => values)
  const placeOf = (of: number, at: number): { readonly index: number; readonly place?: number } => {
    const portion = portions[of]
    if (!portion || !('message' in portion)) return { index: at }
    const [index = at, place = -1] = [portion.message[at], portion.place[at]]
    return { index, ...(place >= 0 && { place }) }
  }
  const nameOf = (of: number, at: number) => `record ${placeOf(of, at).index}`
  const { files, report } = await createCleaner(machine).cleanIntoFiles(known, blocks, { snapshot }, nameOf)
  const connection = await machine.engine.connect()
  const paths = files.map(({ localPath }) => quoteText(localPath)).join(', ')
  const columns = known.keyed ? '* EXCLUDE (millrace_order)' : '*'
  const order = known.keyed ? ' ORDER BY millrace_order' : ''
  const query = `SELECT ${columns} FROM read_parquet([${paths}])${order}`
  const rows = files.length === 0 ? [] : await rowsIn(connection, query)
  connection.closeSync()
  return {
    rows,
    rejected: report.rejected.map(({ block: of, index, reason }) => ({ ...placeOf(of, index), reason })),
    filtered: report.filtered.reduce((sum, count) => sum + count, 0),
    unknownFields: [...report.unknown.names.keys()],
  }
}

function bytesOf(record: string | Uint8Array | object | null, index: number): Uint8Array | null {
  if (record === null || record instanceof Uint8Array) return record
  const text = typeof record === 'string' ? record : JSON.stringify(record)
  if (text === undefined) throw new MillraceError('USAGE', `record ${index} can't be written as JSON`)
  return Buffer.from(text)
}
