import { openDuckDB, runBeside } from '@millrace/engine'
import { expect, onTestFinished, test } from 'vitest'

async function connect() {
  const engine = await openDuckDB({ files: 'all' })
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
  await expect(runBeside(connection, failing)).rejects.toThrow(/^Invalid Input Error: on purpose/)
  await expect(runBeside(connection, "COPY (SELECT 1) TO '/none/of/it'")).rejects.toThrow(/^IO Error/)
  expect((await runBeside(connection, 'SELECT 1')).getRowsJson()).toEqual([[1]])
})
