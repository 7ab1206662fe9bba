import { joinValues } from '@millrace/base'
import { stagedRows } from '@millrace/delta'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, rowsHash } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

const RECORDS: Readonly<Record<string, (i: number) => object>> = {
  pin: (i) => ({ index: i, title: i % 3 === 0 ? null : `post ${i} é`, follower_count: `${i}k` }),
  geo: (i) => ({ ind: i, latitude: i % 2 === 0 ? -0 : 1.5, longitude: i / 7, timestamp: '2020-01-01 00:00:00.123456' }),
  user: (i) => ({ ind: i, first_name: 'Ada', age: i }),
}

for (const [name, record] of Object.entries(RECORDS)) {
  test(`${name}: the hash is that of the rows that are in the file`, async () => {
    const dataset = await loadDataset(name, [PINTEREST.datasets])
    const values = Array.from({ length: 5000 }, (_, i) => Buffer.from(JSON.stringify(record(i))))
    const target = await kit.target(dataset)
    const { files, report } = await kit.cleaner.cleanIntoFiles(dataset, [joinValues(values)], target)
    const columns = dataset.schema.fields.map(({ name }) => name)
    const rows = stagedRows(target.snapshot, files, columns)
    expect(await kit.query(`SELECT ${rowsHash(dataset)} FROM (${rows})`)).toEqual([report.hash])
  })
}
