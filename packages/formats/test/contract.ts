import { joinValues, valueAt } from '@millrace/base'
import type { Format, ReadMessages } from '@millrace/formats'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

/** What the suite needs to know of a format. */
export interface FormatSamples {
  /** Messages and the record of each, its values as the cleaner sees them. */
  readonly good: readonly { readonly message: Uint8Array; readonly record: Readonly<Record<string, unknown>> }[]
  /** Messages that are not of the format. */
  readonly notOfIt: readonly (Uint8Array | null)[]
}

/** Proves that a format keeps the contract that stands on the seam. Every format runs it. */
export function formatContract(format: Format, { good, notOfIt }: FormatSamples): void {
  describe(`the format ${format.name}`, () => {
    const samples: (Uint8Array | null)[] = [...good.map(({ message }) => message), ...notOfIt]
    const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 60 })
    const anyMessage = fc.oneof(fc.constantFrom(...samples), fc.option(bytes))

    test('reads a message as the record that it is', async () => {
      for (const { message, record } of good) {
        const { lines } = await format.read(joinValues([message]))
        expect(JSON.parse(Buffer.from(valueAt(lines, 0) ?? []).toString())).toEqual(record)
      }
    })

    test('refuses what is not of it, or leaves that to the reader of JSON where messages are JSON lines', async () => {
      if (format.isJsonLines) return
      const { rejected } = await format.read(joinValues(notOfIt))
      expect(rejected.map(({ index }) => index)).toEqual(notOfIt.map((_, index) => index))
      for (const { reason } of rejected) expect(reason).toMatch(/^[a-z].{3,200}$/i)
    })

    test('takes any bytes: each message has its line or its reason, under its own index', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyMessage, { maxLength: 8 }), async (messages) => {
          const { lines, rejected, ignored = [] } = await format.read(joinValues(messages))
          expect(lines.count).toBe(messages.length)
          const indexes = [...rejected.map(({ index }) => index), ...ignored].sort((a, b) => a - b)
          expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b))
          for (const index of indexes) expect(valueAt(lines, index)).toBeNull()
        }),
      )
    })

    test('reads a message the same whatever is around it, and however often', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyMessage, { maxLength: 8 }), async (messages) => {
          const block = joinValues(messages)
          const together = outcomes(await format.read(block))
          expect(outcomes(await format.read(block))).toEqual(together)
          const alone = await Promise.all(messages.map(async (one) => outcomes(await format.read(joinValues([one])))))
          expect(alone.flat()).toEqual(together)
        }),
      )
    })

    test('unpacks each message into its records, the same whatever is around it; none is lost', async () => {
      await fc.assert(
        fc.property(fc.array(anyMessage, { maxLength: 8 }), (messages) => {
          const together = unpacked(format, messages)
          expect(messages.flatMap((message) => unpacked(format, [message])[0])).toEqual(together.flat())
          for (const [index, records] of together.entries()) {
            expect(records.length).toBeGreaterThan(0)
            if (records.length === 1 && records[0]?.place === -1) expect(records[0].value).toEqual(messages[index])
          }
        }),
      )
    })

    test('leaves the bytes of the messages as they are', async () => {
      const block = joinValues(samples)
      const before = Buffer.from(block.bytes)
      await format.read(block)
      expect(before.equals(block.bytes)).toBe(true)
    })

    test('says only true things of all its lines together', async () => {
      const { lines } = await format.read(joinValues(samples))
      const values = Array.from({ length: lines.count }, (_, i) => valueAt(lines, i))
      const { traits } = joinValues(values)
      expect(lines.traits.longest).toBeGreaterThanOrEqual(traits.longest)
      expect(lines.traits.nulls || !traits.nulls).toBe(true)
      expect(lines.traits.lineBreaks || !traits.lineBreaks).toBe(true)
      expect([-1, traits.first]).toContain(lines.traits.first)
    })
  })
}

/** The records of each message. */
function unpacked(format: Format, messages: readonly (Uint8Array | null)[]) {
  const portions = format.unpack?.(joinValues(messages))
  if (!portions) return messages.map((value) => [{ place: -1, value }])
  const records = messages.map((): { place: number; value: Uint8Array | null }[] => [])
  for (const { values, message, place } of portions) {
    for (const [i, index] of message.entries()) {
      records[index]?.push({ place: place[i] ?? -1, value: valueAt(values, i)?.slice() ?? null })
    }
  }
  return records
}

/** The line or the reason of each message. */
function outcomes({ lines, rejected }: ReadMessages): (string | null)[] {
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return Array.from({ length: lines.count }, (_, i) => {
    const value = valueAt(lines, i)
    return reasons.get(i) ?? (value && Buffer.from(value).toString('latin1'))
  })
}
