import { setImmediate } from 'node:timers/promises'
import { MillraceError, systemRuntime } from '@millrace/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answered, KAFKA } from '../../../src/kafka/kafka-error.ts'
import { openPartitionSender } from '../../../src/kafka/producer/partition-sender.ts'
import type { PendingSend } from '../../../src/kafka/producer/pending-send.ts'
import type { Produce } from '../../../src/kafka/producer/produce.ts'

const NOT_LED = 6

/** As the library hands it on. */
function brokerSays(apiCode: number): MillraceError {
  return answered(apiCode, 'Produce', Object.assign(new Error('refused'), { apiCode }))
}

/** A broker's partition as far as idempotent producers see it; `trouble` says what befalls each request. */
function partition(trouble: readonly ('fine' | 'not led' | 'stored, no answer' | 'state lost')[]) {
  const stored: string[] = []
  const sequences = new Map<bigint, { next: number; last: { from: number; offset: bigint } | undefined }>()
  let [producers, requests] = [0n, 0]
  const produce: Produce = {
    newProducer: async () => ({ producerId: ++producers, producerEpoch: 0, sequence: 0 }),
    async store(records, { producerId, sequence }) {
      const what = trouble[requests++] ?? 'fine'
      if (what === 'not led') throw brokerSays(NOT_LED)
      // Without a sequence behind it a producer has no state that could be lost.
      if (what === 'state lost' && sequence !== 0) {
        sequences.delete(producerId)
        throw brokerSays(KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER)
      }
      const known = sequences.get(producerId) ?? { next: 0, last: undefined }
      if (known.last?.from === sequence) return known.last.offset
      if (known.next !== sequence) throw brokerSays(KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER)
      const offset = BigInt(stored.length)
      for (const { value } of records) stored.push(Buffer.from(value ?? []).toString())
      sequences.set(producerId, { next: sequence + records.length, last: { from: sequence, offset } })
      if (what === 'stored, no answer') throw new MillraceError('SOURCE_UNREACHABLE', 'no answer')
      return offset
    },
    forgetLeader: () => {},
  }
  return { stored, produce }
}

const impatient = { ...systemRuntime, sleep: () => setImmediate() }

function send(sender: { add(send: PendingSend): void }, values: readonly string[]): Promise<bigint[]> {
  return new Promise((resolve, reject) => {
    const offsets: bigint[] = []
    sender.add({
      records: values.map((value) => ({ value: Buffer.from(value) })),
      stored(from, to, first) {
        for (let i = from; i < to; i++) offsets[i] = first + BigInt(i - from)
        if (Object.keys(offsets).length === values.length) resolve(offsets)
      },
      failed: (_from, _to, error) => reject(error),
    })
  })
}

describe('the way to one partition', () => {
  it('stores each record once, in order, whatever happens to its requests', async () => {
    const trouble = fc.array(fc.constantFrom('fine', 'not led', 'stored, no answer', 'state lost'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        trouble,
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 }),
        async (troubles, sizes) => {
          const { stored, produce } = partition(troubles)
          const sender = openPartitionSender(produce, impatient)
          const sends = sizes.map((size, s) => Array.from({ length: size }, (_, i) => `${s}.${i}`))
          const outcomes = await Promise.allSettled(sends.map((values) => send(sender, values)))
          expect(stored).toEqual([...new Set(stored)])
          for (const [s, outcome] of outcomes.entries()) {
            if (outcome.status === 'rejected') continue
            expect(outcome.value.map((offset) => stored[Number(offset)])).toEqual(sends[s])
          }
          if (!troubles.includes('state lost')) expect(stored).toEqual(sends.flat())
        },
      ),
    )
  })

  it('gives up when a broker can not be reached for long, and goes on with a producer that nobody knows', async () => {
    let now = 0
    const sleep = async (ms: number) => {
      now += ms
    }
    const runtime = { ...systemRuntime, monotonic: () => now, sleep }
    const { stored, produce } = partition([])
    let reachable = false
    const sender = openPartitionSender(
      {
        ...produce,
        store: async (...args) => {
          if (reachable) return produce.store(...args)
          throw new MillraceError('SOURCE_UNREACHABLE', 'down')
        },
      },
      runtime,
    )
    const [first, behind] = await Promise.allSettled([send(sender, ['a']), send(sender, ['b'])])
    expect([first, behind]).toMatchObject([
      { reason: { code: 'SOURCE_UNREACHABLE' } },
      { reason: { code: 'SOURCE_UNREACHABLE' } },
    ])
    reachable = true
    expect(await send(sender, ['c'])).toEqual([0n])
    expect(stored).toEqual(['c'])
  })
})
