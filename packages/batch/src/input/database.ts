import type { Runtime } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'
import type { Manifest, RawObject } from '../manifest.ts'

/** Records of several data sets on their way out of a database. */
export interface RowFeed {
  /** The next ones by data set, `most` of each at most; undefined at the end. */
  next(most: number): Promise<ReadonlyMap<string, readonly Uint8Array[]> | undefined>
  close(): Promise<void>
}

/** Every row of the data sets' tables. Handed in: nothing that this package may lean on reads databases. */
export type OpenRows = (address: string, datasets: readonly string[], runtime: Runtime) => Promise<RowFeed>

export function isDatabase(address: string): boolean {
  return address.startsWith('mysql:')
}

const COPIES = '_millrace/batch/copies/'

const RECORDS_AT_ONCE = 2_000

const OBJECT_BYTES = 16 << 20

const NEWLINE = Buffer.from('\n')

/**
 * Copies all rows into the lake, from where the run reads them: a database may be another one by the time that a
 * run which was killed is begun again.
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

/** What the run has read stays, so that it can be done again by other rules; what is older has served. */
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
