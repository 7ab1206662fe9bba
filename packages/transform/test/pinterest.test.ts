import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { block, createKit, inOrder } from './kit.ts'
import { SAMPLE_ROWS } from './sample-rows.ts'
import { sharedFolder } from './shared.ts'

type Row = Record<string, unknown>

const folder = sharedFolder('data/pinterest')
const kit = await createKit()
afterAll(() => kit.close())

async function read(file: string): Promise<Row[]> {
  const text = await readFile(join(folder ?? '', file), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

async function clean(name: string, records: readonly unknown[]): Promise<readonly Row[]> {
  const { rows, report } = await kit.clean(await loadDataset(name, [PINTEREST.datasets]), [
    block(...records.map((record) => JSON.stringify(record))),
  ])
  expect(report).toMatchObject({ rejected: [], path: 'fast', unknown: { names: new Map() } })
  expect(rows).toHaveLength(records.length)
  return rows
}

const once = (rows: readonly Row[]) => [...new Set(inOrder(rows))]

/** Their moments end in `.000+0000`, ours in `+00`. */
const theirMoment = (text: unknown) => String(text).replace('T', ' ').replace('.000+0000', '+00')

/** In what their cleaning differs from ours: each with its reason. */
const DIFFERENCES: Readonly<Record<string, readonly ((theirs: Row) => Row)[]>> = {
  pin: [
    // They took `Local save in` off, and left the space behind it.
    (theirs) => ({ ...theirs, save_location: String(theirs.save_location).trimStart() }),
  ],
  geo: [(theirs) => ({ ...theirs, timestamp: theirMoment(theirs.timestamp) })],
  user: [(theirs) => ({ ...theirs, date_joined: theirMoment(theirs.date_joined) })],
}

describe.skipIf(folder === undefined)('a real run (../shared/data/pinterest)', () => {
  for (const name of ['pin', 'geo', 'user']) {
    test(`raw ${name} becomes what its users had, but for the differences listed`, async () => {
      // Six of the 322 records were drawn twice; they dropped those, as our batch does.
      const ours = once(await clean(name, await read(`raw_${name}.jsonl`)))
      const theirs = (await read(`clean_${name}.jsonl`)).map((row) =>
        (DIFFERENCES[name] ?? []).reduce((changed, difference) => difference(changed), row),
      )
      expect(ours).toHaveLength(316)
      expect(ours).toEqual(inOrder(theirs))
    })
  }
})

describe.skipIf(folder === undefined)('the labelled sample rows (../shared/data/pinterest)', async () => {
  const samples = folder === undefined ? [] : await read('sample_rows.jsonl')

  test('are all worked out by hand', () => {
    expect(SAMPLE_ROWS.map(({ ind, label }) => `${label} ${ind}`)).toEqual(
      samples.map(({ label, pin }) => `${label} ${(pin as Row).index}`),
    )
  })

  for (const [i, row] of SAMPLE_ROWS.entries()) {
    test(`${row.label}: ${row.ind}`, async () => {
      const { pin, geo, user } = samples[i] as Record<string, Row>
      const { index, downloaded, ...kept } = pin as Row
      const nothing = Object.fromEntries(row.nothing.map((column) => [column, null]))
      expect(await clean('pin', [pin])).toEqual([
        { ...kept, ...nothing, ind: row.ind, follower_count: row.followers, save_location: row.place },
      ])
      expect(await clean('geo', [geo])).toEqual([
        { ind: row.ind, country: geo?.country, coordinates: row.coordinates, timestamp: row.posted },
      ])
      expect(await clean('user', [user])).toEqual([
        { ind: row.ind, user_name: row.user, age: row.age, date_joined: row.joined },
      ])
    })
  }
})
