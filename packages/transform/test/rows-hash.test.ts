import { joinValues, systemRuntime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, rowsHash, withCleanRows } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { intoFile } from './into-file.ts'
import { createKit } from './kit.ts'

const kit = await createKit()
const engine = await openDuckDB()
afterAll(async () => {
  engine.close()
  await kit.close()
})

const RECORDS: Readonly<Record<string, (i: number) => object>> = {
  pin: (i) => ({ index: i, title: i % 3 === 0 ? null : `post ${i} é`, follower_count: `${i}k` }),
  geo: (i) => ({ ind: i, latitude: i % 2 === 0 ? -0 : 1.5, longitude: i / 7, timestamp: '2020-01-01 00:00:00.123456' }),
  user: (i) => ({ ind: i, first_name: 'Ada', age: i }),
}

for (const [name, record] of Object.entries(RECORDS)) {
  test(`${name}: the hash is that of the rows that are in the file`, async () => {
    const dataset = await loadDataset(name, [PINTEREST.datasets])
    const values = Array.from({ length: 5000 }, (_, i) => Buffer.from(JSON.stringify(record(i))))
    const parts = { engine, workFolder: kit.folder, runtime: systemRuntime }
    const { result, fates } = await withCleanRows(dataset, [joinValues(values)], parts, intoFile(dataset, kit.folder))
    const connection = await engine.connect()
    const query = `SELECT ${rowsHash(dataset)} FROM read_parquet('${result.localPath}')`
    const reader = await connection.runAndReadAll(query)
    connection.closeSync()
    expect(reader.getRows()).toEqual([[fates.hash]])
  })
}
