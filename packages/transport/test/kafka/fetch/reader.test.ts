import { type Runtime, systemRuntime } from '@millrace/base'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Partition } from '../../../src/index.ts'
import type { Cluster, Topic } from '../../../src/kafka/cluster.ts'
import { createReader, type Reader } from '../../../src/kafka/fetch/reader.ts'
import type { Offsets } from '../../../src/kafka/offsets.ts'
import type { Broker } from '../../../src/kafka/security.ts'
import { encodeBatch, type TestBatch } from '../encode.ts'
import { type Asked, fakeBroker } from '../fake-broker.ts'

const ID = '0123456789abcdef0123456789abcdef'
const NOT_LEADER = 6
const OUT_OF_RANGE = 1
const WAIT = { maxBytes: 1 << 20, waitMs: 10_000 }

const partition = (id: number): Partition => ({ topic: 'pins', identity: ID, id: String(id) })

/** A reader of a topic whose partitions are led as `leaders` says; it asks again after it was told to forget. */
function readerOf(
  leaders: () => readonly (Broker | undefined)[],
  checkRange = async () => {},
  runtime: Runtime = systemRuntime,
): Reader {
  let known: Topic | undefined
  const cluster = {
    knownTopic: async () => {
      known ??= {
        name: 'pins',
        identity: ID,
        fetchedAs: { id: Buffer.from(ID, 'hex') },
        partitions: leaders().map((leader) => ({ leader, leaderEpoch: 5 })),
      }
      return known
    },
    forget: () => {
      known = undefined
    },
  } as Partial<Cluster> as Cluster
  const reader = createReader(cluster, { checkRange } as Partial<Offsets> as Offsets, {}, runtime)
  onTestFinished(() => reader.close())
  return reader
}

function batch(baseOffset: number, more: Partial<TestBatch> = {}): Buffer {
  const value = Buffer.from(`{"offset":${baseOffset}}`)
  return encodeBatch({ baseOffset, records: [{ offsetDelta: 0, timeDelta: 0, key: null, value }], ...more })
}

const part = ({ topic, index }: Asked, more: object) => ({ topic, index, ...more })
const recordsFor = (asked: Asked) => part(asked, { records: batch(asked.offset) })

describe('a reader of partitions', () => {
  it('asks for what is read at the same time in one request for each of two connections', async () => {
    const broker = await fakeBroker((asked) => asked.map(recordsFor))
    const reader = readerOf(() => Array.from({ length: 6 }, () => broker))
    const blocks = await Promise.all([0, 1, 2, 3, 4, 5].map((id) => reader.read(partition(id), [7n], WAIT)))
    expect(blocks.map((block) => block?.to)).toEqual(Array(6).fill([8n]))
    expect(broker.requests.map((asked) => asked.length)).toEqual([3, 3])
  })

  it('starves nobody, however little a broker answers at a time', async () => {
    const broker = await fakeBroker((asked) => asked.slice(0, 1).map(recordsFor))
    const reader = readerOf(() => Array.from({ length: 6 }, () => broker))
    const read = async (id: number) => {
      let at: readonly bigint[] = [0n]
      while (Number(at[0]) < 5) at = (await reader.read(partition(id), at, WAIT))?.to ?? at
      return at
    }
    expect(await Promise.all([0, 1, 2, 3, 4, 5].map(read))).toEqual(Array(6).fill([5n]))
  })

  it('takes a read that follows on a block along with those that still wait', async () => {
    const broker = await fakeBroker((asked, nth) => {
      if (asked.some(({ index }) => index > 1) || nth > 3) return 'keep silent'
      return asked.filter(({ index }) => index === 0).map(recordsFor)
    })
    const reader = readerOf(() => Array.from({ length: 4 }, () => broker))
    const stop = new AbortController()
    const first = reader.read(partition(0), [0n], WAIT)
    const others = [1, 2, 3].map((id) => reader.read(partition(id), [0n], { ...WAIT, signal: stop.signal }))
    const block = await first
    const next = await reader.read(partition(0), block?.to ?? [], WAIT)
    stop.abort()
    await Promise.all(others)
    expect(next?.to).toEqual([2n])
    const together = broker.requests.map((asked) => asked.map(({ index }) => index).sort())
    expect(together.slice(0, 3)).toEqual([
      [0, 1],
      [2, 3],
      [0, 1],
    ])
  })

  it('asks again as soon as there is room for what came when there was none', async () => {
    const broker = await fakeBroker((asked) => {
      room.open = asks++ > 0
      return asked.map(recordsFor)
    })
    let asks = 0
    let waits = 0
    const room = {
      open: true,
      opened: async () => {
        waits++
        room.open = true
      },
      claim: () => {},
    }
    const block = await readerOf(() => [broker]).read(partition(0), [0n], { ...WAIT, room })
    expect(block?.to).toEqual([1n])
    expect({ asks, waits }).toEqual({ asks: 2, waits: 1 })
  })

  it('pauses after a few records, until shortly before they are due at most', async () => {
    const broker = await fakeBroker((asked) => asked.map(recordsFor))
    let now = 1_000
    const pauses: number[] = []
    const sleep = async (ms: number) => {
      pauses.push(ms)
      now += ms
    }
    const reader = readerOf(() => [broker], undefined, { ...systemRuntime, monotonic: () => now, sleep })
    let dueAt = Number.POSITIVE_INFINITY
    const options = { ...WAIT, due: () => dueAt }
    for (const offset of [0n, 1n]) await reader.read(partition(0), [offset], options)
    dueAt = now + 12
    for (const offset of [2n, 3n]) await reader.read(partition(0), [offset], options)
    expect(pauses.slice(0, 2)).toEqual([20, 7])
  })

  it('goes on when a connection breaks', async () => {
    const broker = await fakeBroker((asked, nth) => (nth < 3 ? 'hang up' : asked.map(recordsFor)))
    const reader = readerOf(() => [broker])
    expect((await reader.read(partition(0), [0n], WAIT))?.count).toBe(1)
  })

  it('asks the new leader when the old one says that it no longer leads', async () => {
    const old = await fakeBroker((asked) => asked.map((one) => part(one, { error: NOT_LEADER })))
    const next = await fakeBroker((asked) => asked.map(recordsFor))
    const leaders = [old, old, undefined, next]
    const reader = readerOf(() => [leaders.length > 1 ? leaders.shift() : next])
    expect((await reader.read(partition(0), [3n], WAIT))?.to).toEqual([4n])
    expect(old.requests).toHaveLength(2)
  })

  it('says that nobody is there, once the time is up', async () => {
    const broker = await fakeBroker(() => 'hang up')
    const read = readerOf(() => [broker]).read(partition(0), [0n], { ...WAIT, waitMs: 150 })
    await expect(read).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  it('answers at once when it is not wanted any more', async () => {
    const broker = await fakeBroker(() => 'keep silent')
    const stop = new AbortController()
    const read = readerOf(() => [broker]).read(partition(0), [0n], { ...WAIT, signal: stop.signal })
    stop.abort()
    expect(await read).toBeUndefined()
  })

  it('names the epoch of what it read last, so that a log that was cut back is noticed', async () => {
    const broker = await fakeBroker((asked) =>
      asked.map((one) =>
        one.lastEpoch === 4
          ? part(one, { divergesAt: 1n })
          : part(one, { records: batch(one.offset, { leaderEpoch: 4 }) }),
      ),
    )
    const reader = readerOf(() => [broker])
    await reader.read(partition(0), [0n], WAIT)
    await expect(reader.read(partition(0), [1n], WAIT)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    // From anywhere else nothing is known of the record before.
    expect((await reader.read(partition(0), [9n], WAIT))?.to).toEqual([10n])
    expect(broker.requests.flat().map(({ lastEpoch, leaderEpoch }) => [lastEpoch, leaderEpoch])).toEqual([
      [-1, 5],
      [4, 5],
      [-1, 5],
    ])
  })

  it('believes a broker that a position is out of range only after asking for the range', async () => {
    const broker = await fakeBroker((asked, nth) =>
      asked.map((one) => (nth === 1 ? part(one, { error: OUT_OF_RANGE }) : recordsFor(one))),
    )
    let checks = 0
    const reader = readerOf(
      () => [broker],
      async () => void checks++,
    )
    expect((await reader.read(partition(0), [0n], WAIT))?.count).toBe(1)
    expect(checks).toBe(1)
  })

  it('asks again for damaged bytes, and stops when they stay damaged', async () => {
    const broken = (offset: number) => {
      const bytes = batch(offset)
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3)
      return bytes
    }
    const broker = await fakeBroker((asked, nth) =>
      asked.map((one) => (nth < 3 || one.index === 1 ? part(one, { records: broken(one.offset) }) : recordsFor(one))),
    )
    const reader = readerOf(() => [broker, broker])
    expect((await reader.read(partition(0), [0n], WAIT))?.count).toBe(1)
    await expect(reader.read(partition(1), [0n], WAIT)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })

  it('asks for fewer bytes where they unpack to many', async () => {
    const value = Buffer.from(`{"a":"${'a'.repeat(50_000)}"}`)
    const records = [{ offsetDelta: 0, timeDelta: 0, key: null, value }]
    const broker = await fakeBroker((asked) =>
      asked.map((one) => part(one, { records: batch(one.offset, { codec: 4, records }) })),
    )
    const reader = readerOf(() => [broker])
    await reader.read(partition(0), [0n], { ...WAIT, maxBytes: 100_000 })
    await reader.read(partition(0), [1n], { ...WAIT, maxBytes: 100_000 })
    const [first, second] = broker.requests.flat()
    expect(first?.maxBytes).toBe(100_000)
    expect(second?.maxBytes).toBeLessThan(10_000)
  })
})
