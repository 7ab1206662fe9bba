import { setImmediate as nextTurn } from 'node:timers/promises'
import { joinValues, MillraceError, valueAt } from '@millrace/base'
import type { Format } from '@millrace/formats'
import { PINTEREST } from '@millrace/testkit'
import { type Dataset, loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const NEWLINE = 0x0a
const NO_SCHEMA = 0xff

/**
 * A binary format with a registry, as Avro and Protobuf have one: a schema's id, then 32 bits of a number and one byte of
 * an age. A newline may be any of its bytes.
 */
function binaryFormat(schemaOf: (id: number) => Promise<readonly [string, string] | undefined>): Format {
  return {
    name: 'binary',
    readsKeys: false,
    isJsonLines: false,
    async read(messages) {
      const values = Array.from({ length: messages.count }, (_, i) => valueAt(messages, i))
      const ids = new Set(values.flatMap((value) => (value?.length === 6 ? [value[0] as number] : [])))
      const schemas = new Map(await Promise.all([...ids].map(async (id) => [id, await schemaOf(id)] as const)))
      const read = values.map((value) => {
        if (value?.length !== 6) return { reason: 'not a reading: it has not six bytes' }
        const names = schemas.get(value[0] as number)
        if (!names) return { reason: `not a reading: its schema ${value[0]} is not known` }
        const number = new DataView(value.buffer, value.byteOffset).getInt32(1)
        return {
          line: Buffer.from(JSON.stringify({ [names[0]]: number, [names[1]]: value[5] })),
        }
      })
      return {
        lines: joinValues(read.map(({ line }) => line ?? null)),
        rejected: read.flatMap(({ reason }, index) => (reason === undefined ? [] : [{ index, reason }])),
      }
    },
  }
}

async function schemaOf(id: number) {
  await nextTurn()
  return id === NO_SCHEMA ? undefined : (['ind', 'age'] as const)
}

const user = await loadDataset('user', [PINTEREST.datasets])
const readings: Dataset = { ...user, format: binaryFormat(schemaOf) }
const reading = (ind: number, age: number, schema = 1) => {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt8(schema)
  bytes.writeInt32BE(ind, 1)
  bytes.writeUInt8(age, 5)
  return bytes
}

describe('a data set whose messages are of another format', () => {
  test('is cleaned by the same rules, newlines in messages and all', async () => {
    const messages = [reading(0x0a0a0a0a, 10, NEWLINE), reading(7, 30)]
    const { rows, report } = await kit.clean(readings, [joinValues(messages)])
    expect(rows.map(({ ind, age }) => [ind, age]).sort()).toEqual([
      [0x0a0a0a0a, 10],
      [7, 30],
    ])
    expect(report).toMatchObject({ rows: 2, rejected: [], path: 'fast' })
  })

  test('has messages rejected that are not of it, beside records that a rule refuses; the original bytes are found', async () => {
    const refusing = {
      ...readings,
      expectations: [{ name: 'adult', predicate: 'age >= 18', otherwise: 'quarantine' as const }],
    }
    const blocks = [
      joinValues([reading(1, 30), Buffer.from('\n'), reading(2, 3), reading(3, 20, NO_SCHEMA)]),
      joinValues([null, reading(4, 40)]),
    ]
    const { rows, report } = await kit.clean(refusing, blocks)
    expect(rows.map(({ ind }) => ind).sort()).toEqual([1, 4])
    expect(report.rejected).toEqual([
      { block: 0, index: 1, reason: 'not a reading: it has not six bytes' },
      { block: 0, index: 2, reason: 'expectation adult failed' },
      { block: 0, index: 3, reason: 'not a reading: its schema 255 is not known' },
      { block: 1, index: 0, reason: 'not a reading: it has not six bytes' },
    ])
    const bytesOf = ({ block, index }: (typeof report.rejected)[number]) =>
      valueAt(blocks[block] as (typeof blocks)[0], index)
    expect(report.rejected.map((one) => bytesOf(one)?.length)).toEqual([1, 6, 6, undefined])
  })

  test('whose registry does not answer is not rejected: the error reaches whoever may try again', async () => {
    const down = new MillraceError('SOURCE_UNREACHABLE', 'the registry does not answer')
    const dataset = { ...readings, format: binaryFormat(() => Promise.reject(down)) }
    await expect(kit.clean(dataset, [joinValues([reading(1, 2)])])).rejects.toBe(down)
  })

  test('is not read from a file of lines by the engine alone', async () => {
    expect(await kit.cleaner.cleanFileIntoFiles(readings, '/nowhere.jsonl', await kit.target(readings))).toBeUndefined()
  })
})
