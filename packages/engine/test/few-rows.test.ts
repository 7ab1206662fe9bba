import type { DuckDBConnection } from '@duckdb/node-api'
import { NOTE, openDuckDB, runBeside, temporaryFolderOf } from '@millrace/engine'
import { expect, onTestFinished, test } from 'vitest'

/** Returns an engine of two threads, and the connection that it gives when it has been asked for few rows often. */
async function askedOften() {
  const engine = await openDuckDB({ files: [], threads: 2 })
  onTestFinished(() => engine.close())
  const connections = await Promise.all(Array.from({ length: 20 }, () => engine.connect(10)))
  return { engine, forFew: connections.at(-1) as DuckDBConnection }
}

const threads = async (connection: DuckDBConnection) =>
  (await connection.runAndReadAll("SELECT current_setting('threads')::INTEGER")).getRowsJson()

test('statements over few rows that come again and again are run by who calls, others by threads', async () => {
  const { engine, forFew } = await askedOften()
  expect(await threads(forFew)).toEqual([[1]])
  expect(await threads(await engine.connect(1_000_000))).toEqual([[2]])
  expect(await threads(await engine.connect())).toEqual([[2]])
})

test('a statement of unknown size ends there too', async () => {
  const { forFew } = await askedOften()
  const reader = await runBeside(forFew, 'SELECT sum(range)::INTEGER FROM range(10000)')
  expect(reader.getRowsJson()).toEqual([[49_995_000]])
})

test('they reach the same files, write what does not fit into memory elsewhere, and have UTC', async () => {
  const { engine, forFew } = await askedOften()
  const folder = await temporaryFolderOf(await engine.connect())
  expect(await temporaryFolderOf(forFew)).not.toBe(folder)
  await forFew.run(`COPY (SELECT 1) TO '${folder}/one.csv'`)
  await expect(forFew.run("FROM read_text('/etc/hostname')")).rejects.toThrow(/disabled by configuration/)
  expect((await forFew.runAndReadAll("SELECT current_setting('TimeZone')")).getRowsJson()).toEqual([['UTC']])
})

test('places are noted whichever runs the statement', async () => {
  const { engine, forFew } = await askedOften()
  for (const connection of [forFew, await engine.connect(), forFew]) {
    const note = (first: bigint) => connection.run(`SELECT ${NOTE}(${first}::BIGINT + range) FROM range(3)`)
    expect(await engine.notes.collect(connection, note)).toEqual([0, 1, 2])
  }
})
