import { joinValues, MillraceError, systemRuntime, valueAt } from '@millrace/base'
import { faultyStore, memoryStore, type ObjectStore, type Objects } from '@millrace/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
// Opened on a store in memory, where writers meet in every order; addresses name folders and S3 alone.
import { CODECS, codecOf } from '../../src/archive/codec.ts'
import { openReader } from '../../src/archive/reader.ts'
import { archiveWriter, type Block, type Partition, pack } from '../../src/index.ts'

const P0: Partition = { topic: 't', identity: 'one', id: '0' }
const OWNER = { pipeline: 'p', dataset: 'd' }

interface Life {
  readonly reads: readonly { readonly records: number; readonly dies: string }[]
  readonly faults: readonly (string | undefined)[]
  readonly codec: 'none' | 'gzip' | 'zstd'
}

/** What a worker does in turn: how far it reads, whether it dies, and which calls of its store fail. */
const life: fc.Arbitrary<Life> = fc.record({
  reads: fc.array(
    fc.record({ records: fc.integer({ min: 0, max: 7 }), dies: fc.constantFrom('', '', '', 'claimed') }),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
  faults: fc.array(fc.constantFrom(undefined, undefined, undefined, 'refused', 'answer lost', 'late'), {
    minLength: 7,
    maxLength: 13,
  }),
  codec: fc.constantFrom('none' as const, 'gzip' as const, 'zstd' as const),
})

/** Offsets of the log; those between are compacted away, and the last may be followed by nothing. */
const log = fc
  .uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 })
  .map((all) => all.sort((a, b) => a - b))

const at = (length: number, faults: Readonly<Record<number, string>>) => Array.from({ length }, (_, i) => faults[i])

/** One goes over offsets that are no more, where the other has begun the file of the records that follow. */
const PASSED_OVER: Life[] = [
  { ...{ reads: [{ records: 0, dies: '' }], codec: 'none' }, faults: at(7, { 3: 'refused' }) },
  {
    ...{ codec: 'none', faults: at(9, { 2: 'answer lost', 4: 'late', 7: 'refused' }) },
    reads: [
      { records: 1, dies: '' },
      { records: 0, dies: '' },
    ],
  },
]

class Death extends Error {}

test('writers that race, die, come late and see other boundaries lose and double nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 4 }), log, async (lives, offsets) => {
      const objects: Objects = new Map()
      const store = memoryStore(objects, systemRuntime)
      const start = [{ partition: P0, from: undefined, to: [0n] }]
      await archiveWriter(store, OWNER, systemRuntime).commit(start, noClaims())
      await Promise.all(lives.map((each) => live(store, each, offsets)))
      await live(
        store,
        { reads: Array.from({ length: 20 }, () => ({ records: 5, dies: '' })), faults: [undefined], codec: 'none' },
        offsets,
      )
      expect(await readBack(store)).toEqual(offsets.map((offset) => [BigInt(offset), `{"i":${offset}}`]))
      expect(await linesIn(store)).toEqual(offsets)
    }),
    { numRuns: 60, examples: [[PASSED_OVER, [1]]] },
  )
})

const noClaims = () => ({ id: systemRuntime.uuid(), byPartition: new Map() })

async function live(store: ObjectStore, { reads, faults, codec }: Life, offsets: readonly number[]): Promise<void> {
  const failing = faultyStore(store, ({ number }) => faults[number % faults.length] as undefined, systemRuntime)
  for (const { records, dies } of reads) {
    const runtime = {
      ...systemRuntime,
      crashPoint(point: string) {
        if (point === dies) throw new Death(point)
      },
    }
    const writer = archiveWriter(failing, OWNER, runtime)
    const position = await untilAnswered(async () => (await writer.begin([P0])).positions.get(P0))
    if (!position) continue
    const from = Number(position[0])
    const taken = offsets.filter((offset) => offset >= from).slice(0, records)
    // A step without records goes over offsets that are no more.
    const next = offsets.find((offset) => offset >= from) ?? 61
    const to = taken.length > 0 ? (taken.at(-1) ?? 0) + 1 : next
    if (to === from) continue
    const packed = await pack([blockOf(taken, from, to)], codec)
    const step = { partition: P0, from: [BigInt(from)], to: [BigInt(to)], ...(packed && { packed }) }
    const claims = noClaims()
    await untilAnswered(() => writer.commit([step], claims))
  }
}

/** As a worker does: calls again after a failure that can heal. */
async function untilAnswered<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Death) return undefined
      if (!(error instanceof MillraceError) || !error.retry) throw error
    }
  }
  return undefined
}

function blockOf(offsets: readonly number[], from: number, to: number): Block {
  return {
    ...joinValues(offsets.map((offset) => Buffer.from(`{"i":${offset}}`))),
    ...{ partition: P0, from: [BigInt(from)], to: [BigInt(to)] },
    offsets: BigInt64Array.from(offsets, BigInt),
    times: new Float64Array(offsets.length).fill(1),
  }
}

async function readBack(store: ObjectStore): Promise<(readonly [bigint, string])[]> {
  const reader = openReader(store, systemRuntime)
  const end = await reader.end(P0)
  const found: (readonly [bigint, string])[] = []
  for (let at = await reader.resolve(P0, 'earliest'); !end.passedBy(at); ) {
    const block = await reader.read(P0, at, { maxBytes: 1 << 20, waitMs: 0 })
    if (!block) throw new Error(`nothing came at ${at}`)
    const { offsets, count } = block
    for (let i = 0; i < count; i++) found.push([offsets[i] as bigint, Buffer.from(valueAt(block, i) ?? []).toString()])
    at = block.to
  }
  return found
}

/** The numbers in the lines of all files, by whoever knows the layout alone. */
async function linesIn(store: ObjectStore): Promise<number[]> {
  const found: number[] = []
  for await (const key of store.keys('topics/')) {
    const bytes = (await store.get(key)) ?? new Uint8Array()
    const lines = Buffer.from(await CODECS[codecOf(key)].decompress(bytes, 1 << 20)).toString()
    for (const line of lines.split('\n')) if (line.trim()) found.push((JSON.parse(line) as { i: number }).i)
  }
  return found.sort((a, b) => a - b)
}
