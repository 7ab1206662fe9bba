// Prints what the moments of four records are, and how far this process's zone is from UTC.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinValues, systemRuntime } from '@millrace/base'
import { openDuckDB } from '@millrace/engine'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, withCleanRows } from '@millrace/transform'
import { intoFile } from '../into-file.ts'

const geo = await loadDataset('geo', [PINTEREST.datasets])
const moments = ['2021-03-28 02:30:00', '2021-03-28T02:30:00Z', '2021:03:28 02:30:00', '2021-03-28T02:30:00+01:30']
const values = moments.map((timestamp, ind) => Buffer.from(JSON.stringify({ ind, timestamp })))
const engine = await openDuckDB()
const workFolder = await mkdtemp(join(tmpdir(), 'millrace-zone-'))
const parts = { engine, workFolder, runtime: systemRuntime }
const { result } = await withCleanRows(geo, [joinValues(values)], parts, intoFile(geo, workFolder))
const connection = await engine.connect()
const reader = await connection.runAndReadAll(
  `SELECT epoch_us(timestamp)::VARCHAR FROM read_parquet('${result.localPath}') ORDER BY ind`,
)
process.stdout.write(
  JSON.stringify({ offset: new Date(0).getTimezoneOffset(), micros: reader.getRows().map(([micros]) => micros) }),
)
connection.closeSync()
engine.close()
await rm(workFolder, { recursive: true })
