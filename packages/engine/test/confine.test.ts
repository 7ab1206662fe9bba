import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openWorkFolder } from '@millrace/base'
import { openDuckDB, quoteText, temporaryFolderOf } from '@millrace/engine'
import { expect, onTestFinished, test } from 'vitest'

/** An engine that reaches the folder `inside` alone, and what lies beside that. */
async function openConfined() {
  const { path: root, close } = await openWorkFolder()
  onTestFinished(close)
  const [inside, outside] = [join(root, "in'side"), join(root, 'outside')]
  const open = await openDuckDB({ files: 'all', threads: 1 })
  const everywhere = await open.connect()
  for (const folder of [inside, outside]) {
    await mkdir(folder)
    await everywhere.run(`COPY (SELECT 7 AS n) TO ${quoteText(join(folder, 'a.parquet'))} (FORMAT parquet)`)
  }
  open.close()
  const engine = await openDuckDB({ files: [inside], threads: 1 })
  onTestFinished(() => engine.close())
  return { connection: await engine.connect(), inside, outside }
}

test('files in the given folders are read and written', async () => {
  const { connection, inside } = await openConfined()
  const [a, b] = [join(inside, 'a.parquet'), join(inside, 'b.parquet')].map(quoteText)
  await connection.run(`COPY (FROM ${a}) TO ${b} (FORMAT parquet)`)
  const reader = await connection.runAndReadAll(`SELECT sum(n)::INTEGER FROM read_parquet([${a}, ${b}])`)
  expect(reader.getRowsJson()).toEqual([[14]])
})

test.each<[string, (outside: string, inside: string) => string]>([
  ['a file', (outside) => `FROM ${quoteText(`${outside}/a.parquet`)}`],
  ['a file by its URL', (outside) => `FROM ${quoteText(`file://${outside}/a.parquet`)}`],
  ['a path that climbs out', (_, inside) => `FROM ${quoteText(`${inside}/../outside/a.parquet`)}`],
  ['a text', () => `FROM read_text('/etc/hostname')`],
  ['names of files', (outside) => `FROM glob(${quoteText(`${outside}/*`)})`],
  ['a footer', (outside) => `FROM parquet_metadata(${quoteText(`${outside}/a.parquet`)})`],
  ['a folder whose name begins alike', (_, inside) => `FROM ${quoteText(`${inside}2/a.parquet`)}`],
  ['the web', () => `FROM 'http://127.0.0.1:9/a.parquet'`],
  ['a file to write', (outside) => `COPY (SELECT 1) TO ${quoteText(`${outside}/made.csv`)}`],
  ['a database', (outside) => `ATTACH ${quoteText(`${outside}/made.duckdb`)} AS made`],
  ['its settings', () => 'SET GLOBAL enable_external_access = true'],
  ['what it may reach', () => `SET GLOBAL allowed_directories = ['/']`],
  ['its lock', () => 'SET GLOBAL lock_configuration = false'],
  ['an extension', () => 'INSTALL httpfs'],
  ['an extension that is there', () => 'LOAD httpfs'],
])('nothing else is reached, whatever a statement says: %s', async (_, statement) => {
  const { connection, inside, outside } = await openConfined()
  await expect(connection.run(statement(outside, inside))).rejects.toThrow(
    /disabled (by|through) configuration|configuration has been locked|Can't|Cannot/,
  )
  expect(await readdir(outside)).toEqual(['a.parquet'])
})

test('what does not fit into memory goes to a folder of its own, which ends with the engine', async () => {
  const engine = await openDuckDB({ files: [], threads: 1, memoryLimit: '40MB' })
  const connection = await engine.connect()
  const folder = await temporaryFolderOf(connection)
  await connection.run('CREATE TABLE large AS SELECT range AS i, hash(range) AS h FROM range(6_000_000)')
  expect(await readdir(folder)).not.toEqual([])
  engine.close()
  expect(existsSync(folder)).toBe(false)
})
