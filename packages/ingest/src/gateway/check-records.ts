import { type JoinedValues, joinValues, openWorkFolder, type Runtime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { belongsTo, type Cleaner, createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import type { OutgoingRecord } from '@millrace/transport'
import { RefusedRequest } from './refusal.ts'

export interface Checker {
  /** Throws what is wrong with the first record that its data set does not take; topics without one take all. */
  readonly check: (topic: string, records: readonly OutgoingRecord[]) => Promise<void>
  readonly close: () => Promise<void>
}

interface Waiting {
  readonly records: readonly OutgoingRecord[]
  resolve(problem: RefusedRequest | undefined): void
  reject(error: unknown): void
}

type Checked = Parameters<Checker['check']>[1]

/** By the worker's own rules and engine, so that what is let in here is not refused there. */
export async function openChecker(
  { datasets, folders }: { readonly datasets: readonly string[]; readonly folders: readonly string[] },
  runtime: Runtime,
): Promise<Checker> {
  const loaded = await Promise.all(datasets.map((name) => loadDataset(name, folders)))
  const workFolder = await openWorkFolder()
  const engine = await openDuckDB({ files: [], threads: 1, temporaryFolder: workFolder.path })
  const cleaner = createCleaner({ engine, workFolder: workFolder.path, runtime })
  const queues = new Map(loaded.map((dataset) => [dataset.name, openQueue(dataset, cleaner)]))
  return {
    async check(topic, records) {
      const dataset = loaded.find(({ name }) => belongsTo(topic, name))
      const queue = dataset && queues.get(dataset.name)
      const problem = await queue?.(records)
      if (problem) throw problem
    },
    async close() {
      engine.close()
      await workFolder.close()
    },
  }
}

/** Records that arrive while others are checked are checked together next. */
function openQueue(dataset: Dataset, cleaner: Cleaner): (records: Checked) => Promise<RefusedRequest | undefined> {
  let waiting: Waiting[] = []
  let busy = false
  const work = async () => {
    busy = true
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      try {
        const problems = await problemsOf(dataset, together, cleaner)
        for (const [i, { resolve }] of together.entries()) resolve(problems.get(i))
      } catch (error) {
        for (const { reject } of together) reject(error)
      }
    }
    busy = false
  }
  return (records) =>
    new Promise((resolve, reject) => {
      waiting.push({ records, resolve, reject })
      if (!busy) void work()
    })
}

/** The first problem of each request that has one. */
async function problemsOf(
  dataset: Dataset,
  together: readonly Waiting[],
  cleaner: Cleaner,
): Promise<Map<number, RefusedRequest>> {
  const parts = together.flatMap(({ records }, request) =>
    unpacked(dataset.format, joinValues(records.map(({ value }) => value))).map((part) => ({ request, ...part })),
  )
  const { rejected } = await cleaner.checkRecords(
    dataset,
    parts.map(({ values }) => values),
  )
  const problems = new Map<number, RefusedRequest>()
  for (const { block, index, reason } of rejected) {
    const part = parts[block]
    if (part && !problems.has(part.request))
      problems.set(part.request, problem(dataset.name, part.nameOf(index), reason))
  }
  return problems
}

interface Part {
  readonly values: JoinedValues
  /** Returns how the client knows a record: by its message's place in the request, and its own in the message. */
  nameOf(index: number): string
}

function unpacked(format: Dataset['format'], values: JoinedValues): Part[] {
  const portions = format.unpack?.(values)
  if (!portions) return [{ values, nameOf: String }]
  return [...portions].map(({ values: records, message, place }) => ({
    values: records,
    nameOf: (index) => `${message[index]}${(place[index] ?? -1) < 0 ? '' : `[${place[index]}]`}`,
  }))
}

function problem(dataset: string, index: string, reason: string): RefusedRequest {
  const field = /field (\S+)/.exec(reason)?.[1]
  return new RefusedRequest({
    status: 422,
    message: `record ${index} does not fit the data set ${dataset}: ${reason}`,
    path: ['body', ...(field === undefined ? [] : [field])],
  })
}
