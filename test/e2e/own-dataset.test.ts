import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openWorkplace } from './millrace.ts'

it("a folder is a data set of one's own, from the source to SQL", async () => {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'sale' })
  try {
    const folder = join(place.folder, 'mine', 'sale')
    await mkdir(folder, { recursive: true })
    const description = {
      description: 'What was sold',
      fields: { id: { type: 'long' }, price: { type: 'double' } },
      columns: { id: { type: 'long' }, cents: { type: 'long', comment: 'The price' } },
      expectations: { positive: { predicate: 'cents > 0', otherwise: 'quarantine' } },
    }
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, CAST(round(price * 100) AS BIGINT) AS cents FROM raw')
    await writeFile(
      join(place.folder, 'sales.jsonl'),
      '{"id":1,"price":1.5}\n{"id":2,"price":-1}\n{"id":3,"price":0.1}\n',
    )
    await place.run('ingest', '--from', 'sales.jsonl')
    expect(await place.run('stream', '--until-caught-up', '--json')).toMatchObject({ exitCode: 0 })
    expect(await place.sql('select * from sale order by id')).toEqual([
      { id: 1, cents: 150 },
      { id: 3, cents: 10 },
    ])
    expect(await place.sql('select reason from sale_quarantine')).toEqual([{ reason: 'expectation positive failed' }])
  } finally {
    await place.leave()
  }
})
