import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openDuckDB, runBeside } from '@millrace/lake'
import { expect, onTestFinished, test } from 'vitest'

async function connect() {
  const engine = await openDuckDB()
  onTestFinished(() => engine.close())
  return engine.connect()
}

test('a statement beside us gives its rows', async () => {
  const reader = await runBeside(await connect(), 'SELECT sum(range)::INTEGER AS total FROM range(1000)')
  expect(reader.getRowObjectsJson()).toEqual([{ total: 499_500 }])
})

test('a statement that fails while it runs says why, and the next one runs', async () => {
  const connection = await connect()
  const failing = "SELECT CASE WHEN range = 3000 THEN error('on purpose') END FROM range(10000)"
  await expect(runBeside(connection, failing)).rejects.toThrow('on purpose')
  expect((await runBeside(connection, 'SELECT 1')).getRowsJson()).toEqual([[1]])
})

test('a statement that fails on one thread while another is about to call us ends all the same', async () => {
  const program = fileURLToPath(new URL('programs/failing-beside.ts', import.meta.url))
  // In a process of its own: waiting for each other, neither we nor the engine would end.
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 120_000 })
  expect(stdout).toContain('on purpose')
})
