import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EVERY_TYPE, PINTEREST } from '@millrace/testkit'
import { datasetFolder, datasetNames, loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { expected, readFixtures, run } from './fixtures.ts'
import { createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

/** Those of the example, and one whose columns are of every type. */
const FOLDERS = [PINTEREST.datasets, EVERY_TYPE]

for (const name of await datasetNames(FOLDERS)) {
  describe(`data set ${name}`, async () => {
    const dataset = await loadDataset(name, FOLDERS)
    const folder = join(String(datasetFolder(name, FOLDERS)), 'fixtures')
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
