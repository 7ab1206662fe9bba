import { MillraceError } from '@millrace/base'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lake, openLake, type Row } from '../../src/delta.ts'
import { temporaryFolder } from '../run-millrace.ts'

const folder = temporaryFolder()
let lake: Lake
beforeAll(async () => {
  lake = await openLake(folder.path)
})
afterAll(async () => {
  await lake.close()
  folder[Symbol.dispose]()
})

let made = 0
const newTable = () =>
  lake.createTable(`table_${++made}`, {
    columns: { id: 'integer', part: 'string', seq: 'long', name: 'string', gone: 'boolean' },
  })

const change = fc.record({
  id: fc.integer({ min: 0, max: 5 }),
  part: fc.constantFrom('a', 'b'),
  seq: fc.integer({ min: 0, max: 9 }),
  name: fc.string({ maxLength: 3 }),
  gone: fc.boolean(),
})
const keyOf = ({ id, part }: Row) => `${id}/${part}`
const inOrder = (rows: readonly Row[]) => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

describe('upsert', () => {
  test('leaves one row for each key, the last that came', async () => {
    const same = fc.asyncProperty(fc.array(fc.array(change, { minLength: 1 }), { maxLength: 4 }), async (calls) => {
      const table = await newTable()
      const model = new Map<string, Row>()
      for (const rows of calls) {
        const before = new Map(model)
        for (const row of rows) model.set(keyOf(row), row)
        for (const [key, { gone }] of model) if (gone) model.delete(key)
        const { inserted, deleted } = await table.upsert(rows, { key: ['id', 'part'], deleteWhen: 'gone' })
        expect(inserted - deleted).toBe(model.size - before.size)
      }
      expect(inOrder(await table.read())).toEqual(inOrder([...model.values()]))
    })
    await fc.assert(same, { numRuns: 12 })
  })

  test('leaves the newest of each key, in whatever order they come', async () => {
    const same = fc.asyncProperty(fc.array(fc.array(change, { minLength: 1 }), { maxLength: 4 }), async (calls) => {
      const table = await newTable()
      const model = new Map<string, Row>()
      for (const rows of calls) {
        for (const row of rows) {
          const there = model.get(keyOf(row))
          if (!there || Number(row.seq) >= Number(there.seq)) model.set(keyOf(row), row)
        }
        await table.upsert(rows, { key: ['id', 'part'], sequenceBy: ['seq'] })
      }
      expect(inOrder(await table.read())).toEqual(inOrder([...model.values()]))
    })
    await fc.assert(same, { numRuns: 12 })
  })

  test('says what it did, in one commit, and once where it is told so', async () => {
    const table = await newTable()
    await table.append([
      { id: 1, part: 'a', seq: 5, name: 'old' },
      { id: 2, part: 'a', seq: 5 },
      { id: 3, part: 'a', seq: 5 },
    ])
    const rows = [
      { id: 1, part: 'a', seq: 6, name: 'new' },
      { id: 2, part: 'a', seq: 6, gone: true },
      { id: 3, part: 'a', seq: 4, name: 'late' },
      { id: 4, part: 'a', seq: 1 },
    ]
    const options = {
      ...{ key: ['id', 'part'], sequenceBy: ['seq'], deleteWhen: 'gone' },
      once: { writer: 'me', version: 1 },
    }
    expect(await table.upsert(rows, options)).toEqual({ version: 2, inserted: 1, updated: 1, deleted: 1, ignored: 1 })
    expect(await table.upsert(rows, options)).toEqual({ version: 2, inserted: 0, updated: 0, deleted: 0, ignored: 0 })
    expect(inOrder(await table.read(['id', 'part', 'name']))).toEqual([
      { id: 1, part: 'a', name: 'new' },
      { id: 3, part: 'a', name: null },
      { id: 4, part: 'a', name: null },
    ])
  })

  test.each([
    ['a key that a row lacks', { key: ['id'] }, /id is NULL in 1 rows/],
    ['a key that the table lacks', { key: ['nr'] }, /no column nr/],
    ['a sequence that a row lacks', { key: ['part'], sequenceBy: ['seq'] }, /seq is NULL in 1 rows/],
  ])('%s is refused, and nothing is changed', async (_, options, message) => {
    const table = await newTable()
    const rows = [{ id: 1, part: 'a', seq: 1 }, { part: 'b' }]
    await expect(table.upsert(rows, options)).rejects.toThrow(message)
    await expect(table.upsert(rows, options)).rejects.toThrow(MillraceError)
    expect(await table.version()).toBe(0)
  })

  test('beside other writers no row is doubled and none is lost', async () => {
    const table = await newTable()
    const write = (name: string) =>
      table.upsert(
        [0, 1, 2].map((id) => ({ id, part: 'a', name })),
        { key: ['id', 'part'] },
      )
    await Promise.all(['a', 'b', 'c', 'd'].map(write))
    const rows = await table.read(['id', 'name'])
    expect(rows.map(({ id }) => id).toSorted()).toEqual([0, 1, 2])
    expect(new Set(rows.map(({ name }) => name)).size).toBe(1)
  })
})
