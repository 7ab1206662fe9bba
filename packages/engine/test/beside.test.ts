import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyBeside, openDuckDB, quoteText, runBeside } from '@millrace/engine'
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

test.each([3, 10_000])('a copy of %i rows beside us is in its file, whatever the name of that', async (rows) => {
  const folder = await mkdtemp(join(tmpdir(), 'beside-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, "it's $1.parquet")
  const connection = await connect()
  const options = ['FORMAT parquet', 'RETURN_STATS']
  const reader = await copyBeside(
    connection,
    `SELECT range AS n, '$1' AS text FROM range(${rows})`,
    file,
    options,
    rows,
  )
  expect(reader.getRowObjectsJson()).toMatchObject([{ filename: file, count: String(rows) }])
  const read = await runBeside(
    connection,
    `SELECT count(*)::INTEGER, sum(n)::INTEGER, any_value(text) FROM ${quoteText(file)}`,
  )
  expect(read.getRowsJson()).toEqual([[rows, (rows * (rows - 1)) / 2, '$1']])
})

test('a copy beside us that cannot be planned, or fails while it runs, says why, and the next one runs', async () => {
  const connection = await connect()
  const failing = "SELECT CASE WHEN range = 3000 THEN error('on purpose') END AS n FROM range(10000)"
  const copy = (query: string, file: string) => copyBeside(connection, query, file, ['FORMAT parquet'])
  await expect(copy('SELECT missing', '/dev/null')).rejects.toThrow(/^Binder Error: .*missing/)
  await expect(copy('SELECT $1', '/dev/null')).rejects.toThrow(/\$1|parameter/)
  await expect(copy(failing, '/dev/null')).rejects.toThrow(/^Invalid Input Error: on purpose/)
  await expect(copy('SELECT 1', '/none/of/it')).rejects.toThrow(/^IO Error/)
  expect((await runBeside(connection, 'SELECT 1')).getRowsJson()).toEqual([[1]])
})
