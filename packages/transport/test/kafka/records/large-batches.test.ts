import { systemRuntime, valueAt } from '@millrace/base'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Block, Partition, ReadOptions } from '../../../src/index.ts'
import type { Cluster } from '../../../src/kafka/cluster.ts'
import { createReader, type Reader } from '../../../src/kafka/fetch/reader.ts'
import type { Offsets } from '../../../src/kafka/offsets.ts'
import type { Broker } from '../../../src/kafka/security.ts'
import { batchOf, bombBatch } from '../bomb.ts'
import { type Codec, encodeBatch } from '../encode.ts'
import { fakeBroker } from '../fake-broker.ts'

const ID = '0123456789abcdef0123456789abcdef'
const MIB = 1 << 20
const WAIT: ReadOptions = { maxBytes: 8 * MIB, waitMs: 10_000 }
const CODECS: readonly (readonly [string, Codec])[] = [
  ['none', 0],
  ['gzip', 1],
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
]

const partition = (id: number): Partition => ({ topic: 'pins', identity: ID, id: String(id) })

function readerOf(broker: Broker, partitions = 1): Reader {
  const leaders = Array.from({ length: partitions }, () => ({ leader: broker, leaderEpoch: 5 }))
  const topic = { name: 'pins', identity: ID, fetchedAs: { id: Buffer.from(ID, 'hex') }, partitions: leaders }
  const cluster = { knownTopic: async () => topic, forget: () => {} } as Partial<Cluster> as Cluster
  const offsets = { checkRange: async () => {} } as Partial<Offsets> as Offsets
  const reader = createReader(cluster, offsets, {}, systemRuntime)
  onTestFinished(() => reader.close())
  return reader
}

/** Every partition holds these batches, which are handed over whole as a broker does. */
function brokerOf(...batches: readonly Buffer[]) {
  return fakeBroker((asked) => asked.map(({ topic, index }) => ({ topic, index, records: Buffer.concat(batches) })))
}

async function readAll(reader: Reader, id: number, end: number, options = WAIT): Promise<Block[]> {
  const blocks: Block[] = []
  for (let at: readonly bigint[] = [0n]; Number(at[0]) < end; ) {
    const block = await reader.read(partition(id), at, options)
    if (!block) throw new Error(`nothing came at ${at}`)
    blocks.push(block)
    at = block.to
  }
  return blocks
}

const offsetsIn = (blocks: readonly Block[]) => blocks.flatMap(({ offsets }) => [...offsets].map(Number))

describe.each(CODECS)('a batch that unpacks to more than is held at once (%s)', (_, codec) => {
  it('is read piece by piece, each record once and in order', async () => {
    const bomb = await bombBatch(codec, 50, MIB)
    const after = encodeBatch({
      baseOffset: 50,
      codec,
      records: [{ offsetDelta: 0, timeDelta: 0, key: null, value: null }],
    })
    const blocks = await readAll(readerOf(await brokerOf(bomb, after)), 0, 51)
    expect(offsetsIn(blocks)).toEqual(Array.from({ length: 51 }, (_, i) => i))
    expect(Math.max(...blocks.map(({ bytes }) => bytes.length))).toBeLessThan(10 * MIB)
    expect(blocks.every((block) => block.ends[0] === -1 || valueAt(block, 0)?.length === MIB)).toBe(true)
  })

  it('is a coded error where it ends too early', async () => {
    const bomb = await bombBatch(codec, 40, MIB)
    const packed = bomb.subarray(61, Math.floor((bomb.length * 9) / 10))
    const broker = await brokerOf(batchOf(codec, 40, packed))
    await expect(readAll(readerOf(broker), 0, 40)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })
})

it('a record that is larger than is held at once comes as a mark with its size, the others as they are', async () => {
  const large = await bombBatch(4, 2, 40 * MIB)
  const small = encodeBatch({
    baseOffset: 2,
    records: [{ offsetDelta: 0, timeDelta: 0, key: null, value: Buffer.from('{}') }],
  })
  const blocks = await readAll(readerOf(await brokerOf(large, small)), 0, 3)
  expect(offsetsIn(blocks)).toEqual([0, 1, 2])
  const sizes = blocks.flatMap(({ oversized }) => [...(oversized ?? [])])
  expect(sizes.map(([, bytes]) => bytes)).toEqual([40 * MIB + 9, 40 * MIB + 9])
})

it('records without a byte are handed over a hundred thousand at a time', async () => {
  const blocks = await readAll(readerOf(await brokerOf(await bombBatch(4, 250_000, 0))), 0, 250_000)
  expect(Math.max(...blocks.map(({ count }) => count))).toBe(100_000)
  expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(250_000)
})

it('starts in the middle of a batch, and after another one went away without finishing', async () => {
  const reader = readerOf(await brokerOf(await bombBatch(4, 50, MIB)), 2)
  await reader.read(partition(0), [0n], WAIT)
  const block = await reader.read(partition(0), [30n], WAIT)
  expect(block?.offsets[0]).toBe(30n)
})

it('what comes waits for room, and is counted when it is made', async () => {
  const records = [{ offsetDelta: 0, timeDelta: 0, key: null, value: Buffer.alloc(1000, '{') }]
  const broker = await brokerOf(encodeBatch({ baseOffset: 0, codec: 4, records }))
  const reader = readerOf(broker, 100)
  let held = 0
  const stop = new AbortController()
  const room = {
    get open() {
      return held < 5_000
    },
    // No commit makes room here.
    opened: () => new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve())),
    claim: (bytes: number) => {
      held += bytes
    },
  }
  const reads = Array.from({ length: 100 }, (_, id) =>
    reader.read(partition(id), [0n], { ...WAIT, room, signal: stop.signal }),
  )
  await Promise.any(reads)
  stop.abort()
  const blocks = (await Promise.all(reads)).filter((block) => block !== undefined)
  expect(held).toBe(blocks.reduce((sum, { bytes }) => sum + bytes.length, 0))
  expect(held).toBeLessThan(7_000)
})
