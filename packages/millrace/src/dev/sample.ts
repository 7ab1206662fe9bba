import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type JoinedValues, redact, systemRuntime, valueAt } from '@millrace/base'
import { datasetFolder } from '@millrace/transform'
import {
  openSource,
  type Partition,
  type Position,
  type ReadOptions,
  type Source,
  type StartPosition,
} from '@millrace/transport'
import { linesOf } from '../testing/json-lines.ts'
import type { Message } from '../testing/messages.ts'

/** Messages to look at. */
export interface Sample {
  /** Where they are from, for people. */
  readonly from: string
  /** Whether they are as producers wrote them; of other samples they are lines of JSON. */
  readonly isOfSource: boolean
  /** Returns up to so many more, after those that were handed over before; unless there are any it `waits` or not. */
  next(most: number, signal: AbortSignal, waits: boolean): Promise<readonly Message[]>
  close(): Promise<void>
}

/** Which messages of which topics are a data set's. */
export interface SampleRoute {
  readonly topics: readonly string[]
  takes(block: JoinedValues & { readonly partition: Partition }, index: number): boolean
  readonly wants: Pick<ReadOptions, 'keys' | 'headers' | 'before'>
}

const MOST_BYTES = 1 << 20
const WAIT_MS = 300

/** Reads topics as a reader without a group: no partition is taken from anybody, and no progress is kept. */
export async function sampleOfSource(address: string, route: SampleRoute, start: StartPosition): Promise<Sample> {
  const source = await openSource(address, systemRuntime)
  return { ...(await sampleOf(source, address, route, start)), close: () => source.close() }
}

/** Reads topics of a source that is open already. */
export async function sampleOf(
  source: Source,
  address: string,
  route: SampleRoute,
  start: StartPosition,
): Promise<Omit<Sample, 'close'>> {
  const partitions = (await Promise.all(route.topics.map((topic) => source.partitions(topic)))).flat()
  const cursors = await Promise.all(
    partitions.map(async (partition) => ({ partition, at: await source.resolve(partition, start) })),
  )
  const waiting: Message[] = []
  return {
    from: `${redact(address)}, ${route.topics.join(', ')}`,
    isOfSource: true,
    async next(most, signal, waits) {
      const ends = waits ? [] : await Promise.all(cursors.map(({ partition }) => source.end(partition)))
      const isOver = () => !waits && cursors.every(({ at }, i) => ends[i]?.passedBy(at))
      while (waiting.length === 0 && !signal.aborted && !isOver()) {
        if (cursors.length === 0) await systemRuntime.sleep(WAIT_MS, signal).catch(() => {})
        await Promise.all(cursors.map((cursor) => readOn(source, cursor, route, waiting, signal)))
      }
      return waiting.splice(0, most)
    },
  }
}

interface Cursor {
  readonly partition: Partition
  at: Position
}

async function readOn(
  source: Source,
  cursor: Cursor,
  route: SampleRoute,
  into: Message[],
  signal: AbortSignal,
): Promise<void> {
  const options = { maxBytes: MOST_BYTES, waitMs: WAIT_MS, signal, ...route.wants }
  const block = await source.read(cursor.partition, cursor.at, options)
  if (!block) return
  cursor.at = block.to
  for (let i = 0; i < block.count; i++) {
    const value = valueAt(block, i)
    // The block's bytes are written over later.
    if (!route.takes(block, i)) continue
    into.push({
      value: value === null ? null : Uint8Array.from(value),
      key: block.keys?.[i],
      headers: block.headers?.[i],
      time: block.times[i],
      offset: String(block.offsets[i]),
      partition: block.partition,
    })
  }
  block.recycle?.()
}

/** Records of a file, of the generator or of a database. */
export async function sampleOfFeed(from: string, dataset: string, datasetFolders: readonly string[]): Promise<Sample> {
  const { openFeed } = await import('@millrace/ingest')
  const feed = await openFeed(from, { datasets: [dataset], datasetFolders, mode: 'random', seed: 1 }, systemRuntime)
  return {
    isOfSource: false,
    from: from === 'generator' ? 'the generator' : redact(from),
    next: async (most) => ((await feed.next(most))?.get(dataset) ?? []).map((value) => ({ value })),
    close: () => feed.close(),
  }
}

/** The records of all fixtures of a data set; undefined if there are none. */
export async function sampleOfFixtures(dataset: string, folders: readonly string[]): Promise<Sample | undefined> {
  const folder = join(datasetFolder(dataset, folders) ?? '', 'fixtures')
  const files = existsSync(folder) ? (await readdir(folder)).filter((file) => /^[^.]+\.jsonl$/.test(file)).sort() : []
  const waiting = (await Promise.all(files.map((file) => linesOf(join(folder, file))))).flat()
  if (waiting.length === 0) return undefined
  return {
    from: 'its fixtures',
    isOfSource: false,
    next: async (most) => waiting.splice(0, most).map((line) => ({ value: Buffer.from(line) })),
    close: async () => {},
  }
}
