import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Manifest, RawObject } from '../manifest.ts'

/** Reader of the records of several data sets in a database. */
export interface RowFeed {
  /** Returns the next records by data set, at most `most` of each, or undefined at the end. */
  next(most: number): Promise<ReadonlyMap<string, readonly Uint8Array[]> | undefined>
  close(): Promise<void>
}

/** Opens a reader of all rows of the data sets' tables. The caller passes it in, because this package reads no databases. */
export type OpenRows = (address: string, datasets: readonly string[], runtime: Runtime) => Promise<RowFeed>

export function isDatabase(address: string): boolean {
  return address.startsWith('mysql:')
}

const COPIES = '_millrace/batch/copies/'

const RECORDS_AT_ONCE = 2_000

const OBJECT_BYTES = 16 << 20

const NEWLINE = Buffer.from('\n')

/**
 * Copies all rows into the lake, from where the run reads them. A run that is repeated after a kill then reads the same
 * rows even if the database has changed.
 */
export async function copyRows(
  lake: ObjectStore,
  date: string,
  datasets: readonly string[],
  openFeed: () => Promise<RowFeed>,
  runtime: Runtime,
): Promise<Map<string, RawObject[]>> {
  const folder = `${COPIES}${date}/${runtime.uuid()}`
  const copies = new Map(datasets.map((dataset) => [dataset, openCopy(lake, `${folder}/${dataset}`, runtime)]))
  const feed = await openFeed()
  try {
    for (let batch = await feed.next(RECORDS_AT_ONCE); batch; batch = await feed.next(RECORDS_AT_ONCE)) {
      for (const [dataset, records] of batch) await copies.get(dataset)?.add(records)
    }
  } finally {
    await feed.close()
  }
  const copied = new Map<string, RawObject[]>()
  for (const [dataset, copy] of copies) copied.set(dataset, await copy.end())
  return copied
}

function openCopy(lake: ObjectStore, folder: string, runtime: Runtime) {
  const objects: RawObject[] = []
  let [lines, size]: [Uint8Array[], number] = [[], 0]
  const flush = async () => {
    if (size === 0) return
    const key = `${folder}/${String(objects.length + 1).padStart(5, '0')}.jsonl`
    await lake.put(key, Buffer.concat(lines, size))
    objects.push({ key, size, modified: runtime.now() })
    lines = []
    size = 0
  }
  return {
    async add(records: readonly Uint8Array[]) {
      for (const record of records) {
        lines.push(record, NEWLINE)
        size += record.length + 1
      }
      if (size >= OBJECT_BYTES) await flush()
    },
    async end() {
      await flush()
      return objects
    },
  }
}

/** Deletes the copies of earlier runs. The copies of this run stay, so that it can be repeated under other rules. */
export async function dropOldCopies(lake: ObjectStore, { date, inputs }: Manifest): Promise<void> {
  const own = Object.values(inputs).flatMap((input) => (input.kind === 'objects' ? input.objects : []))
  const keep = new Set(own.map(({ key }) => key))
  const old: string[] = []
  for await (const key of lake.keys(COPIES)) {
    const copied = key.slice(COPIES.length, COPIES.length + date.length)
    if (copied <= date && !keep.has(key)) old.push(key)
  }
  await Promise.all(old.map((key) => lake.delete(key)))
}
