import { systemRuntime } from '@millrace/base'
import { openOrCreate, openTable, type Snapshot } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { expect, it } from 'vitest'
import { runBatch } from '../src/index.ts'
import { refuseRowRules } from '../src/tables/on-trino.ts'
import { jsonLines, openPlace, type Place, post } from './kit.ts'
import { generateLakeTables } from './lake-tables.ts'

const FIELDS = { type: 'struct', fields: [{ name: 'n', type: 'long', nullable: true, metadata: {} }] } as const

const REASON = "the table's constraint few (follower_count < 5000 OR follower_count IS NULL) does not hold"

/** The daily run's table of pins, as somebody else made it. */
async function theirTable({ lake }: Place): Promise<void> {
  const { schema } = await loadDataset('pin', [PINTEREST.datasets])
  const configuration = { 'delta.constraints.few': 'follower_count < 5000 OR follower_count IS NULL' }
  await openOrCreate({ store: await openLake(lake), path: 'batch/pin' }, { schema, configuration }, systemRuntime)
}

const quarantined = ({ rows }: Place) =>
  rows('SELECT parse_filename(topic), "offset", reason FROM batch.pin_quarantine ORDER BY ALL')
const pins = ({ rows }: Place) => rows('SELECT ind FROM batch.pin ORDER BY ind')

it('records that the table of the run does not take are rejected, and the others are not', async () => {
  const place = await openPlace(undefined, [])
  await theirTable(place)
  await place.putPosts('good', [1, 2])
  await place.put('pin/a.jsonl', jsonLines([post(3).pin, post(4).pin, post(9).pin]))
  const { run } = await place.run('2026-01-01')
  expect(run.tables[0]).toMatchObject({ records: 5, rows: 3, rejected: 2 })
  expect(await pins(place)).toEqual([[1], [2], [3]])
  expect(await quarantined(place)).toEqual([
    ['a.jsonl', '2', REASON],
    ['a.jsonl', '3', REASON],
  ])
})

it('so are rows of a table of the stream, as far as they are known', async () => {
  const place = await openPlace(undefined, [])
  await theirTable(place)
  await (await generateLakeTables(place.lake))([1, 2, 3, 4, 9])
  const { raw: _, ...options } = place.options('2026-01-01')
  const { run } = await runBatch(options, systemRuntime, new AbortController().signal)
  expect(run.tables[0]).toMatchObject({ rows: 3, rejected: 2 })
  expect(await pins(place)).toEqual([[1], [2], [3]])
  expect((await quarantined(place)).map(([, , reason]) => reason)).toEqual([REASON, REASON])
})

it('a cluster is not let write to a table that asks something of its rows', async () => {
  const place = await openPlace(undefined, [])
  await theirTable(place)
  const table = await openTable({ store: await openLake(place.lake), path: 'batch/pin' })
  expect(() => refuseRowRules(table as Snapshot)).toThrow('which a cluster does not check for us')
  const plain = await openOrCreate(
    { store: await openLake(place.lake), path: 'plain' },
    { schema: FIELDS },
    systemRuntime,
  )
  expect(() => refuseRowRules(plain)).not.toThrow()
})
