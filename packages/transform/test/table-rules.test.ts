import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openOrCreate, type StructType } from '@millrace/delta'
import { memoryStore } from '@millrace/store'
import { type Dataset, type FileTarget, loadDataset } from '@millrace/transform'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { block, createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const NULLS = 'the table\'s column "id" must not be null'
const LENGTH = 'the table\'s column "name" is varchar(3), and the value is longer'
const CHECK = "the table's constraint small (id < 1000 AND name <> 'no') does not hold"

const schema: StructType = {
  type: 'struct',
  fields: [
    { name: 'id', type: 'long', nullable: false, metadata: {} },
    { name: 'name', type: 'string', nullable: true, metadata: { __CHAR_VARCHAR_TYPE_STRING: 'varchar(3)' } },
  ],
}

/** A table of others, which asks something of its rows. */
async function table(): Promise<FileTarget> {
  const configuration = { 'delta.constraints.small': "id < 1000 AND name <> 'no'" }
  const ref = { store: memoryStore(), path: 'theirs' }
  return { snapshot: await openOrCreate(ref, { schema, configuration }, systemRuntime) }
}

const DESCRIPTION = {
  description: 'Things',
  fields: { id: { type: 'integer' }, name: { type: 'text' } },
  columns: { id: { type: 'integer' }, name: { type: 'string' } },
}

async function make(name: string, sql: string, more: object = {}): Promise<Dataset> {
  const folder = join(kit.folder, 'datasets', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...DESCRIPTION, ...more }))
  await writeFile(join(folder, 'clean.sql'), sql)
  return loadDataset(name, [join(kit.folder, 'datasets')])
}

const record = (id: number | null, name: string | null) => JSON.stringify({ id, name })
const GOOD = Array.from({ length: 700 }, (_, id) => record(id, `n${id % 10}`))

describe.each([
  ['marked in one statement', 'SELECT id, name FROM raw'],
  ['found by halving', 'SELECT id, (SELECT max(n) FROM (VALUES (raw.name)) t(n)) AS name FROM raw'],
])('records that the table does not take, %s', (_, sql) => {
  let things: Dataset
  beforeAll(async () => {
    things = await make(`things${sql.length}`, sql)
  })

  test('are rejected with what it asks for, and all others are written', async () => {
    const records = [...GOOD]
    records[10] = record(null, 'abc')
    records[300] = record(5, 'abcd')
    records[301] = record(1000, 'abc')
    records[650] = record(6, null)
    records[651] = record(7, 'no')
    records[652] = record(8, 'ab     ')
    for (const again of [1, 2]) {
      const { files, report } = await kit.cleaner.cleanIntoFiles(things, [block(...records)], await table())
      expect(report.rejected, `time ${again}`).toEqual([
        { block: 0, index: 10, reason: NULLS },
        { block: 0, index: 300, reason: LENGTH },
        { block: 0, index: 301, reason: CHECK },
        // A constraint that is NULL does not hold.
        { block: 0, index: 650, reason: CHECK },
        { block: 0, index: 651, reason: CHECK },
      ])
      expect(report.rows).toBe(695)
      expect(files.reduce((sum, { rows }) => sum + rows, 0n)).toBe(695n)
    }
  })

  test('are rejected alone as they are among others, and when nothing is written', async () => {
    for (const [bad, reason] of [
      [record(null, 'abc'), NULLS],
      [record(1, 'abcd'), LENGTH],
      [record(-1, null), CHECK],
    ] as const) {
      const alone = await kit.cleaner.cleanIntoFiles(things, [block(bad)], await table())
      expect(alone).toMatchObject({ files: [], report: { rows: 0, rejected: [{ index: 0, reason }] } })
      const { snapshot } = await table()
      const checked = await kit.cleaner.checkRecords(things, [block(record(1, 'a'), bad)], undefined, snapshot)
      expect(checked).toMatchObject({ rows: 1, rejected: [{ index: 1, reason }] })
      expect((await kit.cleaner.checkRecords(things, [block(bad)])).rejected).toEqual([])
    }
  })

  test('send a file of JSON lines to be cleaned as blocks', async () => {
    const path = join(kit.folder, 'records.jsonl')
    await writeFile(path, `${record(1, 'a')}\n${record(2, 'abcd')}\n`)
    expect(await kit.cleaner.cleanFileIntoFiles(things, path, await table())).toBeUndefined()
  })
})

test('rows that an expectation drops are not asked what the table asks', async () => {
  const expectations = { short: { predicate: "name <> 'dropped'", otherwise: 'drop' } }
  const dropping = await make('dropping', 'SELECT id, name FROM raw', { expectations })
  const records = [record(1, 'a'), record(2, 'dropped'), record(3, 'long'), record(4, 'b')]
  const { report } = await kit.cleaner.cleanIntoFiles(dropping, [block(...records)], await table())
  expect(report).toMatchObject({ rows: 2, filtered: [1], rejected: [{ index: 2, reason: LENGTH }] })
})
