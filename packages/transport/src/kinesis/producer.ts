import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord, Producer, SentRecord } from '../source.ts'
import { parseKinesisAddress } from './address.ts'
import { openClient } from './client.ts'
import { fromKinesis, isThrottled } from './kinesis-error.ts'
import { openStreams, type Shard, type Streams } from './streams.ts'

const RECORDS_A_CALL = 500
const BYTES_A_CALL = 5 << 20
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Answers when Kinesis has stored all of them: records that it did not take are sent again, those alone, until it
 * does. Records of one call keep their order within a key as long as none is sent again; Kinesis promises no more.
 */
export function kinesisProducer(address: string, runtime: Runtime): Producer {
  const client = openClient(parseKinesisAddress(address))
  const streams = openStreams(client)
  return {
    async send(topic, records) {
      const sent: SentRecord[] = []
      const entries = await Promise.all(records.map((record) => entryOf(record, topic, streams, runtime)))
      for (const call of callsOf(entries)) sent.push(...(await putAll(client, topic, call, runtime)))
      return sent
    },
    close: async () => client.destroy(),
  }
}

async function entryOf(
  { key, value, partition }: OutgoingRecord,
  topic: string,
  streams: Streams,
  runtime: Runtime,
): Promise<PutRecordsRequestEntry> {
  if (value === null) throw new MillraceError('RECORD_INVALID', `${topic}: Kinesis takes no record without a value`)
  const PartitionKey = key?.length ? new TextDecoder().decode(key) : runtime.uuid()
  if (partition === undefined) return { Data: value, PartitionKey }
  const shard = openShards((await streams.known(topic)).shards)[partition]
  if (!shard) throw new MillraceError('RECORD_INVALID', `${topic} has no shard number ${partition}`)
  return { Data: value, PartitionKey, ExplicitHashKey: String(shard.from) }
}

/** Numbered in the order of their hash keys. */
function openShards(shards: ReadonlyMap<string, Shard>): Shard[] {
  return [...shards.values()].filter(({ closed }) => !closed).sort((a, b) => (a.from < b.from ? -1 : 1))
}

/** Splits records into calls of the largest size that Kinesis accepts. */
function callsOf(entries: readonly PutRecordsRequestEntry[]): PutRecordsRequestEntry[][] {
  const calls: PutRecordsRequestEntry[][] = []
  let call: PutRecordsRequestEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    const size = (entry.Data?.length ?? 0) + Buffer.byteLength(entry.PartitionKey ?? '')
    if (call.length === RECORDS_A_CALL || (call.length > 0 && bytes + size > BYTES_A_CALL)) {
      calls.push(call)
      ;[call, bytes] = [[], 0]
    }
    call.push(entry)
    bytes += size
  }
  return call.length > 0 ? [...calls, call] : calls
}

/** Sends one call, and again those of its records that Kinesis rejected. */
async function putAll(
  client: KinesisClient,
  topic: string,
  entries: readonly PutRecordsRequestEntry[],
  runtime: Runtime,
): Promise<SentRecord[]> {
  const sent = new Array<SentRecord>(entries.length)
  let waiting = entries.map((entry, index) => ({ entry, index }))
  for (let tries = 0; waiting.length > 0; tries++) {
    if (tries > 0) {
      const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** tries)
      await runtime.sleep(pause * (0.5 + runtime.random() / 2))
    }
    const results = await put(
      client,
      topic,
      waiting.map(({ entry }) => entry),
    )
    waiting = waiting.filter(({ index }, i) => {
      const { ShardId, SequenceNumber } = results[i] ?? {}
      if (ShardId === undefined || SequenceNumber === undefined) return true
      sent[index] = { partition: ShardId, offset: BigInt(SequenceNumber) }
      return false
    })
  }
  return sent
}

interface PutResult {
  readonly ShardId?: string | undefined
  readonly SequenceNumber?: string | undefined
}

/** A call that is refused as a whole is like one whose records are all refused. */
async function put(client: KinesisClient, topic: string, Records: PutRecordsRequestEntry[]): Promise<PutResult[]> {
  try {
    return (await client.send(new PutRecordsCommand({ StreamName: topic, Records }))).Records ?? []
  } catch (error) {
    if (isThrottled(error)) return []
    throw fromKinesis(error, `sending to ${topic}`)
  }
}
