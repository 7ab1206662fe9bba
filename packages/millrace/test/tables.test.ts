import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { runMillrace } from './run-millrace.ts'

const SCHEMA = '{"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}}]}'

/** A table of somebody who counts no rows in the log. */
async function foreignTable(lake: string, name: string, rows: number): Promise<void> {
  const folder = join(lake, name)
  await mkdir(join(folder, '_delta_log'), { recursive: true })
  const engine = await openDuckDB({ files: 'all', threads: 1 })
  const connection = await engine.connect()
  await connection.run(
    `COPY (SELECT range AS n FROM range(${rows})) TO '${join(folder, 'a.parquet')}' (FORMAT parquet)`,
  )
  engine.close()
  const actions = [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: { id: name, format: { provider: 'parquet', options: {} }, schemaString: SCHEMA, partitionColumns: [] },
    },
    { add: { path: 'a.parquet', partitionValues: {}, size: 1, modificationTime: 1, dataChange: true } },
  ]
  const log = join(folder, '_delta_log', '00000000000000000000.json')
  await writeFile(log, actions.map((action) => `${JSON.stringify(action)}\n`).join(''))
}

test('tables counts rows that the log does not, and lists what it can beside a table that is broken', async () => {
  const lake = await temporaryFolder()
  await foreignTable(lake, 'good', 1234)
  await foreignTable(lake, 'odd', 1)
  await writeFile(join(lake, 'odd', '_delta_log', '00000000000000000001.json'), '{"txn":{}}\n')

  const { code, out } = await runMillrace(['tables', '--lake', lake, '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject([
    { table: 'good', rows: 1234, files: 1 },
    { table: 'odd', problem: expect.stringContaining('TABLE_BROKEN') },
  ])
  const printed = await runMillrace(['tables', '--lake', lake])
  expect(printed.out).toContain('1,234')
  expect(printed.err).toContain("odd can't be read: TABLE_BROKEN")
})
