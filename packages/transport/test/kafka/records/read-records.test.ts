import { joinValues, keyAt, valueAt } from '@millrace/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Wanted } from '../../../src/kafka/records/block-builder.ts'
import { type ReadRecords, readRecords } from '../../../src/kafka/records/read-records.ts'
import { type Codec, encodeBatch, sealed, type TestBatch, type TestRecord } from '../encode.ts'

const NO_LIMIT = 1 << 30
const allocate = (size: number) => Buffer.alloc(size, 0xee)

function read(bytes: Buffer, from: number, maxBytes = NO_LIMIT, wanted: Wanted = {}): ReadRecords {
  return readRecords({ bytes, start: 0, end: bytes.length, aborted: [] }, from, maxBytes, allocate, wanted)
}

function rows({ columns }: ReadRecords) {
  return Array.from({ length: columns.count }, (_, i) => ({
    offset: Number(columns.offsets[i]),
    time: columns.times[i],
    value: valueAt(columns, i)?.toString() ?? null,
  }))
}

const line = (text: string): TestRecord => ({ offsetDelta: 0, timeDelta: 0, key: null, value: Buffer.from(text) })

const awkward = fc.constantFrom(null, '', ' ', '\n', '{\n}', '{"a":1}\r', '{"a":1}\n{"a":2}', 'null', '[1]', '1.5')
const values = fc.oneof(
  { weight: 4, arbitrary: fc.json().map((json) => `{"v":${json}}`) },
  { weight: 1, arbitrary: awkward },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)
const keys = fc.option(fc.uint8Array({ maxLength: 200 }).map(Buffer.from))
const headers = fc.array(fc.tuple(fc.string(), fc.option(fc.uint8Array({ maxLength: 20 }).map(Buffer.from))), {
  maxLength: 3,
})
const records = fc
  .array(fc.record({ gap: fc.nat(3), timeDelta: fc.integer(), key: keys, value: values, headers }), { maxLength: 40 })
  .map((drafts) => {
    let offsetDelta = -1
    return drafts.map(({ gap, value, ...rest }): TestRecord => {
      offsetDelta += 1 + gap
      return { ...rest, offsetDelta, value: value === null ? null : Buffer.from(value) }
    })
  })
const codecs = fc.constantFrom<Codec>(0, 1, 2, 3, 4)
const logs = fc
  .array(fc.record({ gap: fc.nat(1000), records, tail: fc.nat(5), codec: codecs, appendTime: fc.boolean() }), {
    maxLength: 6,
  })
  .map((drafts) => {
    let next = 0
    return drafts.map(({ gap, records, tail, ...rest }): TestBatch & { lastOffsetDelta: number } => {
      const lastOffsetDelta = (records.at(-1)?.offsetDelta ?? 0) + tail
      const baseOffset = next + gap
      next = baseOffset + lastOffsetDelta + 1
      return { ...rest, baseOffset, records, lastOffsetDelta, baseTime: 1_000, maxTime: 9_000 }
    })
  })

function expected(log: readonly TestBatch[], from: number) {
  return log.flatMap(({ baseOffset, records, appendTime }) =>
    records
      .map(({ offsetDelta, timeDelta, value }) => ({
        offset: baseOffset + offsetDelta,
        time: appendTime ? 9_000 : 1_000 + timeDelta,
        value,
      }))
      .filter(({ offset }) => offset >= from),
  )
}

describe('record batches', () => {
  it('give every record from the asked offset on: any codec, any value, over gaps', () => {
    fc.assert(
      fc.property(logs, fc.nat(2000), (log, from) => {
        const wanted = expected(log, from)
        const result = read(Buffer.concat(log.map(encodeBatch)), from)
        expect(rows(result)).toEqual(wanted.map((row) => ({ ...row, value: row.value?.toString() ?? null })))
        expect(result.columns.traits).toEqual(joinValues(wanted.map(({ value }) => value)).traits)
        const end = log.at(-1)
        expect(result.next).toBe(Math.max(from, end ? end.baseOffset + end.lastOffsetDelta + 1 : 0))
      }),
      { numRuns: 300 },
    )
  })

  it('lie in the block one after another, each followed by a newline', () => {
    const { columns } = read(encodeBatch({ baseOffset: 0, records: [line('{"a":1}'), line('{}')] }), 0)
    expect(columns.bytes.toString()).toBe('{"a":1}\n{}\n')
    expect([...columns.ends]).toEqual([7, 10])
  })

  it('have before them what is said to come of a header, keys too, and tombstones have nothing', () => {
    const headers: NonNullable<TestRecord['headers']> = [
      ['of value', Buffer.from('<old>')],
      ['of key', Buffer.from([0x80])],
      ['of value', Buffer.from('<')],
      ['of value', null],
      ['other', Buffer.from('x')],
    ]
    const key = Buffer.from('k')
    const records = [line('b\n'), { ...line(''), headers }, { ...line('{a}'), headers, key }, line('c')]
    const last = { ...line(''), value: null, headers, key }
    const bytes = encodeBatch({
      baseOffset: 0,
      records: [...records, last].map((record, offsetDelta) => ({ ...record, offsetDelta })),
    })
    const only = (wanted: string) => (name: string, held: Uint8Array) => (name === wanted ? held : undefined)
    const before = { value: only('of value'), key: only('of key') }
    const { columns } = read(bytes, 0, NO_LIMIT, { keys: true, before })
    const values = [Buffer.from('b\n'), Buffer.from('<'), Buffer.from('<{a}'), Buffer.from('c'), null]
    expect(values.map((_, i) => valueAt(columns, i))).toEqual(values)
    expect(columns.traits).toEqual(joinValues(values).traits)
    const both = Buffer.from([0x80, 0x6b])
    expect(values.map((_, i) => keyAt(columns, i))).toEqual([null, null, both, null, both])
    const alone = read(bytes, 0, NO_LIMIT, { keys: true, before: { key: only('none') } })
    expect(valueAt(alone.columns, 2)).toEqual(Buffer.from('{a}'))
    expect(alone.columns.keys?.[2]).toBe('k')
  })

  it('give the id that a header carries, and the keys when they are wanted', () => {
    const header = (id: string | null): NonNullable<TestRecord['headers']> => [
      ['other', Buffer.from('x')],
      ['millrace-id', id === null ? null : Buffer.from(id)],
    ]
    const records = [
      { ...line('{"a":1}'), key: Buffer.from('k') },
      { ...line('{"a":2}'), offsetDelta: 1, headers: header('id-2') },
      { ...line('{"a":3}'), offsetDelta: 2, headers: header(null), key: Buffer.alloc(0) },
      { ...line('{"a":4}'), offsetDelta: 3, headers: [['x', null] as const] },
      { ...line('{"a":5}'), offsetDelta: 4, headers: header('ü') },
    ]
    const bytes = encodeBatch({ baseOffset: 0, records })
    const { columns } = readRecords({ bytes, start: 0, end: bytes.length, aborted: [] }, 0, NO_LIMIT, allocate, {
      keys: true,
      headers: true,
    })
    expect(columns.count).toBe(5)
    expect([0, 1, 2, 3, 4].map((i) => columns.ids?.[i])).toEqual([undefined, 'id-2', undefined, undefined, 'ü'])
    expect(columns.keys).toEqual(['k', undefined, '', undefined, undefined])
    expect(columns.headers?.map((text) => text && JSON.parse(text))).toEqual([
      undefined,
      expect.objectContaining({ 'millrace-id': 'id-2' }),
      expect.objectContaining({ 'millrace-id': null }),
      { x: null },
      expect.objectContaining({ 'millrace-id': 'ü' }),
    ])
    const plain = read(encodeBatch({ baseOffset: 0, records: [line('{}')] }), 0).columns
    expect([plain.ids, plain.keys, plain.headers]).toEqual([undefined, undefined, undefined])
  })

  it('come without the keys that are not wanted', () => {
    const records = [
      { ...line('{"a":1}'), key: Buffer.from('k') },
      { ...line('x'), offsetDelta: 1, key: Buffer.from('l') },
      { ...line(''), value: null, offsetDelta: 2, key: Buffer.from('m') },
    ]
    const bytes = encodeBatch({ baseOffset: 0, records })
    const withoutKey = (of: Uint8Array, start: number, end: number) => end > start && of[start] === 0x7b
    const section = { bytes, start: 0, end: bytes.length, aborted: [] }
    const { columns } = readRecords(section, 0, NO_LIMIT, allocate, { keys: true, withoutKey })
    expect(columns.keys).toEqual([undefined, 'l', 'm'])
  })

  it('keep a null apart from an empty value', () => {
    const records = [line(''), { ...line(''), value: null }]
    const { columns } = read(encodeBatch({ baseOffset: 0, records }), 0)
    expect([...columns.ends]).toEqual([0, -2])
  })

  it('keep offsets beyond 32 bits', () => {
    const baseOffset = 2 ** 40 + 5
    expect(rows(read(encodeBatch({ baseOffset, records: [line('{}')] }), baseOffset))[0]?.offset).toBe(baseOffset)
  })

  it('say how long the longest value is', () => {
    const value = Buffer.alloc((1 << 20) + 1, '{')
    expect(read(encodeBatch({ baseOffset: 0, records: [line(value.toString())] }), 0).columns.traits.longest).toBe(
      value.length,
    )
  })

  it('stop after the batch that reaches the limit, and go on from there', () => {
    const batches = [0, 1, 2].map((baseOffset) =>
      encodeBatch({ baseOffset, codec: 4, records: [line(`{"n":${baseOffset}}`)] }),
    )
    const bytes = Buffer.concat(batches)
    const first = read(bytes, 0, 1)
    expect([rows(first).length, first.next]).toEqual([1, 1])
    expect(rows(read(bytes, first.next)).map(({ offset }) => offset)).toEqual([1, 2])
  })

  it('leave a batch that the broker cut off for the next time', () => {
    const whole = encodeBatch({ baseOffset: 0, records: [line('{"a":1}')] })
    const cut = encodeBatch({ baseOffset: 1, records: [line('{"a":2}')] })
    for (let length = 0; length < cut.length; length++) {
      const result = read(Buffer.concat([whole, cut.subarray(0, length)]), 0)
      expect([rows(result).length, result.next]).toEqual([1, 1])
    }
  })

  it.each([0, 1])('of the old format %i are refused by name', (magic) => {
    const bytes = encodeBatch({ baseOffset: 0, magic, records: [line('{}')] })
    expect(() => read(bytes, 0)).toThrow(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED' }))
  })

  it('packed by a codec of the future are refused by name', () => {
    const bytes = encodeBatch({ baseOffset: 0, records: [line('{}')] })
    bytes.writeInt16BE(5, 21)
    expect(() => read(sealed(bytes), 0)).toThrow(expect.objectContaining({ code: 'SOURCE_UNSUPPORTED' }))
  })

  it('are refused when a value runs out of its record', () => {
    const bytes = encodeBatch({ baseOffset: 0, records: [line('{"a":1}'), line('{"a":2}')] })
    const valueLength = bytes.indexOf('{"a":1}') - 1
    bytes.writeUInt8(bytes.readUInt8(valueLength) + 4, valueLength)
    expect(() => read(sealed(bytes), 0)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }))
  })

  it.each([0, 4] as const)('are refused when they claim more records than there is room for (codec %i)', (codec) => {
    const bytes = encodeBatch({ baseOffset: 0, codec, records: [line('{"a":1}')] })
    bytes.writeInt32BE(2 ** 31 - 1, 57)
    expect(() => read(sealed(bytes), 0)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }))
  })

  it('are refused when any bit of what the checksum covers has flipped', () => {
    const whole = encodeBatch({ baseOffset: 7, records: [line('{"a":1}'), line('{"a":2}')] })
    fc.assert(
      fc.property(fc.integer({ min: 17, max: whole.length - 1 }), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        expect(() => read(bytes, 0)).toThrow(expect.objectContaining({ code: 'SOURCE_DAMAGED' }))
      }),
    )
  })

  it('never crash, hang or run over, whatever nonsense has a right checksum', () => {
    const flips = fc.array(fc.tuple(fc.nat(1 << 20), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(logs, flips, (log, flips) => {
        const batches = log.map(encodeBatch)
        const victim = batches[0]
        if (!victim) return
        // Beyond the checksum; and of the offsets, lengths and formats before it.
        for (const [at, byte] of flips) victim.writeUInt8(byte, at % victim.length)
        const bytes = Buffer.concat([sealed(victim), ...batches.slice(1)])
        onlyCoded(() => {
          const result = read(bytes, 0)
          expect(rows(result)).toHaveLength(result.columns.count)
          const all = (_: string, held: Uint8Array) => held
          const whole = read(bytes, 0, NO_LIMIT, { keys: true, headers: true, before: { value: all, key: all } })
          expect(rows(whole)).toHaveLength(result.columns.count)
        })
        // Nor does it leave anything behind: the next batch is read as ever.
        const { codec = 0 } = log[0] ?? {}
        expect(rows(read(encodeBatch({ baseOffset: 0, codec, records: [line('{"a":1}')] }), 0))).toHaveLength(1)
      }),
      { numRuns: 1000 },
    )
  })

  it('never crash or hang on bytes that are nothing at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        onlyCoded(() => read(Buffer.from(bytes), 0))
      }),
    )
  })
})

/** Whatever goes wrong has a code of ours. */
function onlyCoded(act: () => void): void {
  try {
    act()
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^SOURCE_(DAMAGED|UNSUPPORTED)$/) })
  }
}
