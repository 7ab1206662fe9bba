import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { expected, readFixtures, run } from './fixtures.ts'
import { createKit } from './kit.ts'

const DATASETS = PINTEREST.datasets

const kit = await createKit()
afterAll(() => kit.close())

for (const name of await readdir(DATASETS)) {
  describe(`data set ${name}`, async () => {
    const dataset = await loadDataset(name, [PINTEREST.datasets])
    const folder = join(DATASETS, name, 'fixtures')
    test('has fixtures', () => expect(existsSync(folder)).toBe(true))
    for (const fixture of await readFixtures(folder)) {
      for (const how of ['as it comes', 'one by one'] as const) {
        test(`cleans ${fixture.name}, ${how}`, async () => {
          expect(await run(kit, dataset, fixture, how)).toEqual(expected(fixture))
        })
      }
    }
  })
}
