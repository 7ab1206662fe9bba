import { combineTraits, joinValues, type Runtime, systemRuntime, valueAt } from '@millrace/base'
import {
  type Behind,
  type Block,
  type OutgoingRecord,
  openProducer,
  openSource,
  type Partition,
  type Position,
  type Producer,
  type SentRecord,
  type Source,
} from '@millrace/transport'
import { afterEach, describe, expect, type TestAPI } from 'vitest'

export interface TransportUnderTest {
  /** The address of a store or broker that is up. */
  readonly address: string
  /** What writes there, where the system has no producer of its own. */
  readonly producer?: () => Producer
  /** A topic that nobody has used, made if the system wants that. */
  freshTopic(partitions: number): Promise<string>
  /** The name of a record; its offset, unless said. */
  readonly nameOf?: (sent: SentRecord) => string
  /** Says how far behind a reader is by the age of its newest record: nobody knows whether there is a newer one. */
  readonly lagIsAge?: boolean
  /** How many partitions a topic can have; any number, unless said. */
  readonly partitions?: number
  /** Where reading begins with this record. */
  positionOf(sent: SentRecord): Position
  /** A position that no partition of a fresh topic holds. */
  readonly nowhere: Position
  /** Whether a message can be without a value. */
  readonly tombstones: boolean
  /** What opens a source, where the address is not one of ours. */
  readonly source?: () => Source | Promise<Source>
  /** Whether a message can hold this text; any, unless said. */
  readonly holds?: (value: string) => boolean
  /** Whether messages have keys; they have, unless said. */
  readonly keys?: boolean
  /** Whether the system knows when a message came; it does, unless said. */
  readonly times?: boolean
  /** Whether messages have headers: then the id that a producer gives to a record is in one. */
  readonly headers: boolean
}

/** What holds for systems that number the messages of a partition. */
export const NUMBERED = {
  positionOf: ({ offset }: SentRecord): Position => [offset],
  nowhere: [1_000n],
  tombstones: true,
}

const decode = (value: Uint8Array | null) => (value === null ? null : new TextDecoder().decode(value))
const encode = (text: string) => new TextEncoder().encode(text)
const WAIT = { maxBytes: 1 << 20, waitMs: 5_000 }

/** What every message system promises: the delivery contract of Source and Producer. */
export function describeTransport<Context extends { transport: TransportUnderTest }>(
  name: string,
  it: TestAPI<Context>,
  runtime: Runtime = systemRuntime,
): void {
  describe(`${name} keeps the contract of a message system`, () => {
    let transport: TransportUnderTest
    it.beforeEach(({ transport: given }) => {
      transport = given
    })
    const closers: (() => Promise<void>)[] = []
    afterEach(async () => {
      for (const close of closers.splice(0)) await close()
    })

    const producer = async () => {
      const made = transport.producer?.() ?? (await openProducer(transport.address, runtime))
      closers.push(() => made.close())
      return made
    }
    const subscribed = async (topic: string) => {
      const source = (await transport.source?.()) ?? (await openSource(transport.address, runtime))
      closers.push(() => source.close())
      const partitions = await assignment(source, topic)
      return { source, partitions, first: partitions[0] as Partition }
    }
    const nameOf = (sent: SentRecord) => transport.nameOf?.(sent) ?? String(sent.offset)
    const send = async (topic: string, values: readonly (string | null)[]) => {
      const records: OutgoingRecord[] = values.map((value) => ({
        value: value === null ? null : encode(value),
        partition: 0,
      }))
      return (await producer()).send(topic, records)
    }

    it('hands over every record in order, under the offsets that the producer was told', async () => {
      const topic = await transport.freshTopic(1)
      const sent = [...(await send(topic, ['{"a":1}', '{"a":2}'])), ...(await send(topic, ['{"a":3}']))]
      const { source, first } = await subscribed(topic)
      const blocks = await readThrough(source, first, await source.resolve(first, 'earliest'))
      expect(valuesOf(blocks)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
      expect(blocks.flatMap(namesOf)).toEqual(sent.map(nameOf))
      expect(blocks.every(({ traits }) => !traits.nulls && !traits.lineBreaks && traits.first === 0x7b)).toBe(true)
      expect(blocks.at(-1)?.behind ?? { records: 0 }).toEqual(
        expect.toSatisfy(({ records, ms }: Behind) => transport.lagIsAge || (records ?? ms) === 0),
      )
    })

    it('says true things of the values of a block, and keeps them, whatever they are', async () => {
      const texts = ['', '{"a":\n1}', '  {"a":1}', '[1]', '{"a":1}\r'].filter(transport.holds ?? (() => true))
      const odd = [...(transport.tombstones ? [null] : []), ...texts]
      for (const value of odd) {
        const topic = await transport.freshTopic(1)
        await send(topic, ['{"a":0}', value, '{"a":2}'])
        const { source, first } = await subscribed(topic)
        const blocks = await readThrough(source, first, await source.resolve(first, 'earliest'))
        expect(valuesOf(blocks)).toEqual(['{"a":0}', value, '{"a":2}'])
        const { traits } = joinValues(
          ['{"a":0}', value, '{"a":2}'].map((text) => (text === null ? null : Buffer.from(text))),
        )
        expect(combineTraits(blocks.map((block) => block.traits))).toEqual(traits)
      }
    })

    it('gives the same records again to whoever asks again, also from the middle of what was sent at once', async () => {
      const topic = await transport.freshTopic(1)
      const values = Array.from({ length: 50 }, (_, i) => `{"i":${i}}`)
      const sent = await send(topic, values)
      const { source, first } = await subscribed(topic)
      for (const from of [0, 1, 25, 49]) {
        const record = sent[from] as SentRecord
        const blocks = await readThrough(source, first, transport.positionOf(record))
        expect(valuesOf(blocks)).toEqual(values.slice(from))
        expect(blocks.flatMap(namesOf)[0]).toBe(nameOf(record))
      }
    })

    it('bounds a block by the bytes asked for, but never starves', async () => {
      const topic = await transport.freshTopic(1)
      for (let i = 0; i < 5; i++) await send(topic, [`{"i":"${'x'.repeat(1000)}"}`])
      const { source, first } = await subscribed(topic)
      const start = await source.resolve(first, 'earliest')
      const block = await source.read(first, start, { ...WAIT, maxBytes: 10 })
      expect(block?.count).toBeGreaterThan(0)
      const { records } = block?.behind ?? {}
      if (records !== undefined) expect(records).toBe(5 - (block?.count ?? 0))
      expect(valuesOf(await readThrough(source, first, start, 10))).toHaveLength(5)
    })

    it('answers a read of nothing with undefined, and one of something new with that', async () => {
      const topic = await transport.freshTopic(1)
      const { source, first } = await subscribed(topic)
      const start = await source.resolve(first, 'earliest')
      expect(await source.read(first, start, { ...WAIT, waitMs: 50 })).toBeUndefined()
      const waiting = source.read(first, start, { ...WAIT, waitMs: 20_000 })
      await send(topic, ['{"late":true}'])
      expect((await waiting)?.count).toBe(1)
    })

    it('resolves earliest, latest and a time, and names an end that reading reaches', async () => {
      const topic = await transport.freshTopic(1)
      await send(topic, ['{"a":1}'])
      const between = runtime.now() + 1
      while (runtime.now() <= between) await runtime.sleep(1)
      await send(topic, ['{"a":2}'])
      const { source, first } = await subscribed(topic)
      const earliest = await source.resolve(first, 'earliest')
      expect((await source.end(first)).passedBy(earliest)).toBe(false)
      expect(valuesOf(await readThrough(source, first, earliest))).toEqual(['{"a":1}', '{"a":2}'])
      if (transport.times ?? true) {
        const late = await source.resolve(first, { time: between })
        expect(valuesOf(await readThrough(source, first, late))).toEqual(['{"a":2}'])
      }
      const latest = await source.resolve(first, 'latest')
      expect(await readThrough(source, first, latest)).toEqual([])
      await send(topic, ['{"a":3}'])
      expect(valuesOf(await readThrough(source, first, latest))).toEqual(['{"a":3}'])
    })

    it('keeps partitions apart and tells each its own identity', async ({ skip }) => {
      skip(transport.partitions === 1, 'a topic has one partition')
      const topic = await transport.freshTopic(3)
      const toAll = [0, 1, 2].map((partition) => ({ value: encode(`{"p":${partition}}`), partition }))
      const sent = await (await producer()).send(topic, toAll)
      const { source, partitions } = await subscribed(topic)
      expect(await source.partitions(topic)).toEqual(expect.arrayContaining(partitions))
      expect(partitions.map(({ id }) => id).sort()).toEqual(sent.map(({ partition }) => partition).sort())
      expect(new Set(partitions.map(({ identity }) => identity)).size).toBe(1)
      for (const partition of partitions) {
        const blocks = await readThrough(source, partition, await source.resolve(partition, 'earliest'))
        const record = sent.findIndex((one) => one.partition === partition.id)
        expect(valuesOf(blocks)).toEqual([`{"p":${record}}`])
      }
    })

    it('hands over the keys too when they are asked for', async ({ skip }) => {
      skip(transport.keys === false, 'it has no keys')
      const topic = await transport.freshTopic(1)
      const keyed = ['pin', 'geo', 'ü'].map((key) => ({
        value: encode(`{"k":"${key}"}`),
        key: encode(key),
        partition: 0,
      }))
      await (await producer()).send(topic, keyed)
      const { source, first } = await subscribed(topic)
      const start = await source.resolve(first, 'earliest')
      const blocks: (string | undefined)[] = []
      for (let at = start; blocks.length < 3; ) {
        const block = await source.read(first, at, { ...WAIT, keys: true })
        blocks.push(...(block?.keys ?? []))
        at = block?.to ?? at
      }
      expect(blocks).toEqual(['pin', 'geo', 'ü'])
    })

    it('says when each record was sent, and hands over headers only where they are asked for', async () => {
      const topic = await transport.freshTopic(1)
      const record = { value: encode('{"a":1}'), key: encode('k'), partition: 0, id: 'one "id"' }
      await (await producer()).send(topic, [record])
      const { source, first } = await subscribed(topic)
      const start = await source.resolve(first, 'earliest')
      const asked = await source.read(first, start, { ...WAIT, keys: true, headers: true })
      expect(asked?.partition).toEqual(first)
      expect(Math.abs((asked?.times[0] ?? 0) - runtime.now())).toBeLessThan(120_000)
      const headers = asked?.headers?.[0]
      expect(headers === undefined ? undefined : JSON.parse(headers)).toEqual(
        transport.headers ? { 'millrace-id': 'one "id"' } : undefined,
      )
      expect((await source.read(first, start, WAIT))?.headers).toBeUndefined()
    })

    it('answers each record of a sending in its place, whatever partition it goes to', async ({ skip }) => {
      skip(transport.partitions === 1, 'a topic has one partition')
      const topic = await transport.freshTopic(2)
      const places = [1, 0, 1, 0]
      const sent = await (await producer()).send(
        topic,
        places.map((partition) => ({ value: encode('{}'), partition })),
      )
      const names = new Set([sent[0]?.partition, sent[1]?.partition])
      expect(names.size).toBe(2)
      expect(sent.map(({ partition }) => partition)).toEqual([0, 1, 0, 1].map((at) => sent[at]?.partition))
    })

    it('refuses a position that the partition does not hold, with a choice', async () => {
      const topic = await transport.freshTopic(1)
      await send(topic, ['{"a":1}'])
      const { source, first } = await subscribed(topic)
      await expect(source.read(first, transport.nowhere, WAIT)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    })
  })
}

function assignment(source: Source, topic: string): Promise<Partition[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Partition[]>()
  const assigned = async (partitions: readonly Partition[]) => resolve([...partitions])
  source.subscribe([topic], { assigned, revoked: async () => {} }).catch(reject)
  return promise
}

/** Block by block from `from` to the end that the source names. */
async function readThrough(
  source: Source,
  partition: Partition,
  from: Position,
  maxBytes = WAIT.maxBytes,
): Promise<Block[]> {
  const end = await source.end(partition)
  const blocks: Block[] = []
  for (let at = from; !end.passedBy(at); ) {
    const block = await source.read(partition, at, { ...WAIT, maxBytes })
    if (!block && end.passedBy(at)) break
    if (!block) throw new Error(`nothing came at ${at.join()}, and that is not the end`)
    expect(block.from).toEqual(at)
    blocks.push(block)
    at = block.to
  }
  return blocks
}

function namesOf({ offsets }: Block): string[] {
  return Array.from(offsets, String)
}

function valuesOf(blocks: readonly Block[]): (string | null)[] {
  return blocks.flatMap((block) => Array.from({ length: block.count }, (_, i) => decode(valueAt(block, i))))
}
