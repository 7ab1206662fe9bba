import { MillraceError, type Runtime, valueAt } from '@millrace/base'
import { type ObjectStore, openLake } from '@millrace/store'
import { type Partition, type Position, partitionKey, reached, type Source } from '../source.ts'
import { parseArchiveAddress } from './address.ts'
import { stepAt, tipOf } from './chain.ts'
import { positionOf, textsOf } from './entry.ts'
import { filesOfPartition } from './layout.ts'
import { decodeLines } from './lines.ts'
import { linesIn } from './pack.ts'
import { openReader } from './reader.ts'
import { ownerOf, startOf, topicStarts } from './starts.ts'
import { CONNECT, partitionsIn, topicsIn } from './topics.ts'

/** What a partition of an archive holds, and what is wrong with it. */
export interface ArchiveVerdict {
  /** The pipeline that writes it. */
  readonly group: string
  readonly topic: string
  readonly identity: string
  readonly partition: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly files: number
  readonly messages: number
  /** Empty if no message is missing and none is doubled. */
  readonly problems: readonly string[]
}

/**
 * Proves of each partition that its files are those that its steps have written, byte by byte, that one begins where the
 * other ends, and that no other file is beside them. With a source it compares each message that is still there.
 */
export async function verifyArchive(address: string, source: Source | undefined, runtime: Runtime) {
  const store = await openLake(parseArchiveAddress(address).place, { runtime })
  const verdicts: ArchiveVerdict[] = []
  for (const topic of await topicsIn(store)) {
    const group = (await ownerOf(store, topic))?.pipeline ?? ''
    for (const partition of await partitionsIn(store, topic)) {
      if (partition.identity === CONNECT) continue
      const looked = await lookThrough(store, partition)
      const differences = source ? await compareWith(source, store, partition, looked.range, runtime) : []
      const { range: _, ...verdict } = looked
      verdicts.push({ group, ...verdict, problems: [...looked.problems, ...differences] })
    }
  }
  return verdicts
}

interface Range {
  readonly from: Position
  readonly to: Position
}

async function lookThrough(store: ObjectStore, partition: Partition) {
  const from = (await startOf(store, partition, await topicStarts(store, partition))) ?? []
  const end = (await tipOf(store, partition))?.position ?? from
  const [known, problems]: [Set<string>, string[]] = [new Set(), []]
  let [at, messages] = [from, 0]
  while (!reached(at, end)) {
    const step = await stepAt(store, partition, at).catch((error: unknown) => problemOf(error))
    if (step === undefined || typeof step === 'string') {
      problems.push(step ?? `${partitionKey(partition)}: from ${at} on its file is missing`)
      break
    }
    const { file, to } = step.entry
    if (file && step.bytes) {
      const { odd, count, traits } = file.records
      decodeLines(await linesIn(step.bytes, file), odd, count, traits)
      known.add(file.key)
      messages += count
    }
    at = positionOf(to)
  }
  for await (const key of store.keys(filesOfPartition(partition))) {
    if (problems.length === 0 && !known.has(key))
      problems.push(`${key} is no file that the archive's stream has written`)
  }
  const { topic, identity, id } = partition
  return {
    ...{ topic, identity, partition: id, from: textsOf(from), to: textsOf(at), files: known.size, messages, problems },
    range: { from, to: at },
  }
}

function problemOf(error: unknown): string {
  if (error instanceof MillraceError && error.code === 'SOURCE_DAMAGED') return error.message
  throw error
}

/** Returns the first difference between a source and what was archived of it. */
async function compareWith(
  source: Source,
  store: ObjectStore,
  partition: Partition,
  { from, to }: Range,
  runtime: Runtime,
): Promise<string[]> {
  const same = (await source.partitions(partition.topic)).find(({ id }) => id === partition.id)
  if (same?.identity !== partition.identity) return [`${partitionKey(partition)}: the source has another topic now`]
  const earliest = await source.resolve(partition, 'earliest')
  // What retention has taken cannot be compared any more.
  const start = reached(from, earliest) ? from : earliest
  if (reached(start, to)) return []
  const archived = messagesIn(openReader(store, runtime), source, partition, start, to)
  const sent = messagesIn(source, source, partition, start, to)
  for (;;) {
    const [mine, theirs] = [await archived.next(), await sent.next()]
    if (mine.done && theirs.done) return []
    const said = differenceOf(mine.done ? undefined : mine.value, theirs.done ? undefined : theirs.value)
    if (said) return [`${partitionKey(partition)}: ${said}`]
  }
}

interface Message {
  readonly name: string
  readonly value: Uint8Array | null
}

function differenceOf(mine: Message | undefined, theirs: Message | undefined): string | undefined {
  if (!theirs) return `the archive has ${mine?.name}, and the source nothing after it`
  if (!mine) return `the source has ${theirs.name}, and the archive nothing after it`
  if (mine.name !== theirs.name) return `the archive has ${mine.name} where the source has ${theirs.name}`
  if (mine.value === null || theirs.value === null) {
    return mine.value === theirs.value ? undefined : `at ${mine.name} one of them has a tombstone`
  }
  return Buffer.compare(mine.value, theirs.value) === 0 ? undefined : `at ${mine.name} the bytes differ`
}

const READ = { maxBytes: 8 << 20, waitMs: 5_000 }

async function* messagesIn(
  reader: Pick<Source, 'read'>,
  { positionOf: placeOf }: Source,
  partition: Partition,
  from: Position,
  to: Position,
): AsyncGenerator<Message> {
  for (let at = from; !reached(at, to); ) {
    const block = await reader.read(partition, at, READ)
    if (!block) return
    for (let i = 0; i < block.count; i++) {
      const name = block.offsets[i] ?? ''
      if (reached(placeOf(name), to)) return
      yield { name: String(name), value: valueAt(block, i) }
    }
    block.recycle?.()
    at = block.to
  }
}
