import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test, vi } from 'vitest'
import { openTable } from '../../src/index.ts'
import { CHECKPOINT_ROWS, parquetOf } from './scripted.ts'

const FILES = 100_000

/** Adds as a worker writes them, with statistics of nine columns. */
const ADDS = `
  SELECT {path: format('part-{:08d}-0000-4000-8000-000000000000.zstd.parquet', i), partitionValues: MAP {}, size: 100000 + i,
    modificationTime: 1704067200000 + i, stats: format('{{"numRecords":1000,"minValues":{0},"maxValues":{0},"nullCount":{1}}}',
      '{"ind":' || i || ',"title":"a title of thirty-two letters ' || i || '","at":"2024-01-01T00:00:00.000Z"}',
      '{"ind":0,"title":7,"at":0}')} AS add
  FROM range(${FILES}) t(i)`

test(`a checkpoint of ${FILES} files is opened within 256 MiB`, async () => {
  const folder = await temporaryFolder()
  const log = `${folder}/lake/table/_delta_log`
  await mkdir(log, { recursive: true })
  const engine = await openDuckDB({ files: 'all' })
  const connection = await engine.connect()
  const rows = `${CHECKPOINT_ROWS} UNION ALL BY NAME ${ADDS}`
  await writeFile(`${log}/00000000000000000007.checkpoint.parquet`, await parquetOf(connection, rows))
  const program = new URL('../programs/open.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [program, `${folder}/lake`, 'table'])
  const { files, grownBy } = JSON.parse(stdout)
  expect(files).toBe(FILES + 3)
  expect(grownBy).toBeLessThan(256 * 1024 * 1024)

  const snapshot = await openTable({ store: await openLake(`${folder}/lake`), path: 'table' })
  const sizes = snapshot?.files.values().reduce((sum, { size }) => sum + size, 0)
  expect(sizes).toBe((FILES * (FILES - 1)) / 2 + FILES * 100_000 + 3)
  engine.close()
})

test('a checkpoint is read without a place for temporary files', async () => {
  const folder = await temporaryFolder()
  const log = `${folder}/lake/table/_delta_log`
  await mkdir(log, { recursive: true })
  const engine = await openDuckDB({ files: 'all' })
  const checkpoint = await parquetOf(await engine.connect(), CHECKPOINT_ROWS)
  engine.close()
  await writeFile(`${log}/00000000000000000007.checkpoint.parquet`, checkpoint)
  vi.stubEnv('TMPDIR', `${folder}/nowhere`)
  const snapshot = await openTable({ store: await openLake(`${folder}/lake`), path: 'table' })
  vi.unstubAllEnvs()
  expect(snapshot?.files.size).toBe(3)
})
