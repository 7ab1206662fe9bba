import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime } from '@millrace/base'
import { openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import type { Format } from '@millrace/formats'
import { openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import { expect, test } from 'vitest'
import { collectRejected } from '../../src/tables/rejected.ts'
import { stagePortions } from '../../src/tables/staging.ts'

/** A format of which no message is. */
const nothingFits: Format = {
  name: 'nothing',
  readsKeys: false,
  isJsonLines: false,
  read: ({ count }) => ({
    lines: joinValues(Array.from({ length: count }, () => null)),
    rejected: Array.from({ length: count }, (_, index) => ({ index, reason: 'not of this format' })),
  }),
}

async function stage(dataset: Dataset, name: string, text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-staging-'))
  const [raw, workFolder] = [join(folder, 'raw'), join(folder, 'work')]
  await mkdir(raw)
  await mkdir(workFolder)
  await writeFile(join(raw, name), text)
  const { size, mtimeMs: modified } = await stat(join(raw, name))
  const [store, lake] = [await openLake(raw), await openLake(join(folder, 'lake'))]
  const engine = await openDuckDB({ files: 'all' })
  const connection = await engine.connect()
  const cleaner = createCleaner({ engine, workFolder, runtime: systemRuntime })
  const run = { lake, engine, cleaner, workFolder, runtime: systemRuntime }
  try {
    const snapshot = await openOrCreate({ store: lake, path: 'users' }, { schema: dataset.schema }, systemRuntime)
    const rejected = await collectRejected({ date: '2026-01-01', made: 0 }, connection, run)
    const parts = { ...run, dataset, snapshot, connection, rejected, onRecords: () => {} }
    const { files } = await stagePortions({ kind: 'raw', store, objects: [{ key: name, size, modified }] }, parts)
    return { rows: files.reduce((sum, { rows }) => sum + Number(rows), 0), rejected: rejected.count() }
  } finally {
    engine.close()
    await rm(folder, { recursive: true })
  }
}

const user = await loadDataset('user', [PINTEREST.datasets])

test('landed messages are read in the format of their data set', async () => {
  expect(await stage(user, 'users.jsonl', '{"ind":1}\n{"ind":2}\n')).toEqual({ rows: 2, rejected: 0 })
  const message = { ...user, format: nothingFits }
  expect(await stage(message, 'users.jsonl', '{"ind":1}\n{"ind":2}\n')).toEqual({ rows: 0, rejected: 2 })
})

test('so are large files, which the engine reads by itself only where they are JSON lines', async () => {
  const lines = `${'{"ind":1,"first_name":"Ada","last_name":"Lovelace"}\n'.repeat(30_000)}`
  expect(await stage(user, 'users.jsonl', lines)).toEqual({ rows: 30_000, rejected: 0 })
  expect(await stage({ ...user, format: nothingFits }, 'users.jsonl', lines)).toEqual({ rows: 0, rejected: 30_000 })
})

test('rows of CSV have no format', async () => {
  expect(await stage({ ...user, format: nothingFits }, 'users.csv', 'ind,age\n1,20\n2,30\n')).toEqual({
    rows: 2,
    rejected: 0,
  })
})
