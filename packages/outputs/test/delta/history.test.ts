import { systemRuntime } from '@millrace/base'
import { commit, openChanges, openTable, type Snapshot } from '@millrace/delta'
import { outputAt } from '@millrace/outputs'
import { memoryStore, type ObjectStore } from '@millrace/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Batches, openBatches } from '../batches.ts'
import { peopleDataset, person } from '../keyed.ts'
import { openWriter, peopleIn, TABLE } from './people-table.ts'

let batches: Batches
let store: ObjectStore
beforeEach(() => {
  store = memoryStore(new Map(), systemRuntime)
})
afterEach(() => batches.close())

/** Opens a history of people, and returns what makes a batch of changes. */
async function openHistory(changes: object = {}) {
  batches = await openBatches(peopleDataset({ mode: 'history', ...changes }))
  return openWriter(batches, store, 'g')
}

const people = () => peopleIn(store, batches.machine)

/** Makes the table feed its changes to readers. */
async function feedChanges() {
  const table = (await openTable({ store, path: TABLE })) as Snapshot
  const configuration = { ...table.metadata.configuration, 'delta.enableChangeDataFeed': 'true' }
  const metadata = { ...table.metadata, configuration }
  const features = { writerFeatures: ['changeDataFeed', 'appendOnly', 'invariants'] }
  const protocol = { minReaderVersion: 1, minWriterVersion: 7, ...features }
  await commit(table, { operation: 'SET TBLPROPERTIES', protocol, metadata }, systemRuntime)
}

/** Returns what the newest commit changed, as texts such as `insert 1: a, 3 to 5`. */
async function lastChanges() {
  const { version } = (await openTable({ store, path: TABLE })) as Snapshot
  const connection = await batches.machine.engine.connect()
  await using changes = await openChanges({ store, path: TABLE }, { from: version, to: version }, connection)
  const reader =
    await connection.runAndReadAll(`SELECT concat(_change_type, ' ', id, ': ', name, ', ', __valid_from, ' to ',
    coalesce(__valid_to::VARCHAR, 'now')) AS text FROM (${changes.sql}) ORDER BY __valid_from, text DESC`)
  return reader.getRows().map(([text]) => text)
}
const paths = async () => [...((await openTable({ store, path: TABLE }))?.files.values() ?? [])].map(({ path }) => path)

describe('a history', () => {
  test('keeps a version for each change of a batch, and a gap after a delete', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'), person(1, 3, 'b'), person(1, 5, null, 'd'), person(1, 8, 'c'))
    expect(await people()).toEqual(['1: a (1) from 1 to 3', '1: b (3) from 3 to 5', '1: c (8) from 8 to now'])
  })

  test('puts late changes and late deletes between the versions that are there', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'), person(1, 9, 'c'))
    await change(person(1, 5, 'b'))
    await change(person(1, 7, null, 'd'))
    expect(await people()).toEqual(['1: a (1) from 1 to 5', '1: b (5) from 5 to 7', '1: c (9) from 9 to now'])
  })

  test('puts a late change into a file whose versions have all ended', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'), person(1, 4, null, 'd'))
    await change(person(2, 9, 'x'))
    await change(person(1, 2, 'b'))
    expect(await people()).toEqual(['1: a (1) from 1 to 2', '1: b (2) from 2 to 4', '2: x (9) from 9 to now'])
  })

  test('ends a version that another writer has brought meanwhile', async () => {
    const change = await openHistory()
    const changeToo = await openWriter(batches, store, 'h')
    await change(person(1, 3, 'a'))
    await changeToo(person(1, 5, 'b'))
    expect(await people()).toEqual(['1: a (3) from 3 to 5', '1: b (5) from 5 to now'])
  })

  test('ends a late version with a delete that came before it and found nothing', async () => {
    const change = await openHistory()
    await change(person(1, 5, null, 'd'), person(1, 8, null, 'd'))
    await change(person(1, 3, 'a'), person(1, 6, 'b'))
    expect(await people()).toEqual(['1: a (3) from 3 to 5', '1: b (6) from 6 to 8'])
  })

  test('has one version of equal ones on request, until something comes in between', async () => {
    const change = await openHistory({ ignoreEqual: true })
    await change(person(1, 1, 'a'), person(1, 3, 'a'))
    await change(person(1, 5, 'a'), person(1, 9, 'z'))
    expect(await people()).toEqual(['1: a (1) from 1 to 9', '1: z (9) from 9 to now'])
    await change(person(1, 2, 'b'), person(1, 4, null, 'd'))
    expect(await people()).toEqual([
      '1: a (1) from 1 to 2',
      '1: b (2) from 2 to 3',
      '1: a (3) from 3 to 4',
      '1: a (5) from 5 to 9',
      '1: z (9) from 9 to now',
    ])
  })

  test('of two changes with the same key and sequence has the one that is read later', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'first'), person(1, 1, 'second'))
    expect(await people()).toEqual(['1: second (1) from 1 to now'])
    await change(person(1, 1, 'third'), person(1, 2, 'next'))
    expect(await people()).toEqual(['1: third (1) from 1 to 2', '1: next (2) from 2 to now'])
  })

  test('does not open files whose versions ended before the changes', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'), person(2, 1, 'a'), person(1, 2, null, 'd'), person(2, 2, null, 'd'))
    const [ended = ''] = await paths()
    await store.delete(`${TABLE}/${ended}`)
    await change(person(1, 3, 'b'))
    expect(await paths()).toContain(ended)
    expect(await paths()).toHaveLength(2)
  })

  test('feeds a version that ends as an update, and a new one as an insert', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'), person(2, 2, 'x'))
    await feedChanges()
    await change(person(1, 3, 'b'))
    expect(await lastChanges()).toEqual([
      'update_preimage 1: a, 1 to now',
      'update_postimage 1: a, 1 to 3',
      'insert 1: b, 3 to now',
    ])
    await change(person(1, 4, null, 'd'))
    expect(await lastChanges()).toEqual(['update_preimage 1: b, 3 to now', 'update_postimage 1: b, 3 to 4'])
  })

  test('may be ordered by several columns', async () => {
    const change = await openHistory({ sequenceBy: ['seq', 'name'] })
    await change(person(1, 1, 'b'), person(1, 2, 'a'))
    await change(person(1, 1, 'c'))
    const ended = (await people()).map(String).sort()
    expect(ended.map((row) => row.slice(0, 8))).toEqual(['1: a (2)', '1: b (1)', '1: c (1)'])
    expect(ended[1]).toContain("to {'seq': 1, 'name': c}")
  })

  test('does not go on with a table of another mode, nor that with a history', async () => {
    const change = await openHistory()
    await change(person(1, 1, 'a'))
    await batches.close()
    batches = await openBatches(peopleDataset())
    const { open } = await outputAt('delta')
    const { machine, dataset } = batches
    const allowed = ['__valid_from', '__valid_to']
    const context = { address: 'delta', table: TABLE, dataset, group: 'g', machine, store, nullColumns: allowed }
    await expect(open(context)).rejects.toMatchObject({ code: 'TABLE_SCHEMA' })
  })
})
