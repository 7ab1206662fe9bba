import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { type Dataset, datasetNames, loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { expected, type Fixture, readFixtures, run } from './fixtures.ts'
import { createKit } from './kit.ts'
import { mutants } from './mutants.ts'

const DATASETS = PINTEREST.datasets

const kit = await createKit()
afterAll(() => kit.close())

async function noticed(dataset: Dataset, fixtures: readonly Fixture[]): Promise<boolean> {
  for (const fixture of fixtures) {
    try {
      expect(await run(kit, dataset, fixture, 'as it comes')).toEqual(expected(fixture))
    } catch {
      return true
    }
  }
  return false
}

for (const name of await datasetNames([PINTEREST.datasets])) {
  describe(`a rule of ${name} changed or dropped fails a fixture:`, async () => {
    const dataset = await loadDataset(name, [PINTEREST.datasets])
    const fixtures = await readFixtures(join(DATASETS, name, 'fixtures'))

    test('the SQL as it is fails none', async () => {
      expect(await noticed(dataset, fixtures)).toBe(false)
    })

    for (const { what, sql } of mutants(dataset.sql)) {
      test(what, async () => expect(await noticed({ ...dataset, sql }, fixtures)).toBe(true))
    }

    for (const [i, { name, predicate }] of dataset.expectations.entries()) {
      test(`expectation ${name} that always holds`, async () => {
        const expectations = dataset.expectations.with(i, { name, predicate: 'true', otherwise: 'keep' })
        expect(await noticed({ ...dataset, expectations }, fixtures)).toBe(predicate.includes('NOT NULL'))
      })
    }
  })
}
