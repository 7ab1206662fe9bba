import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sparkSql, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openReaders, type ReaderServers } from './lake-readers.ts'
import { openWorkplace, type Workplace } from './millrace.ts'

const it = withServices('judge', 'spark', 'trino', 's3')

const COLUMNS = { id: { type: 'long' }, n: { type: 'integer' }, price: { type: 'decimal(6,2)' } }
const KEYED = { mode: 'upsert', key: ['id'] }
const TABLES = ['appended', 'keyed']

/** Writes the data sets of both tables. */
async function describe(place: Workplace, columns: object): Promise<void> {
  const both = { description: 'Orders of a shop', columns, onSchemaChange: 'evolve' }
  const fields = JSON.parse(JSON.stringify(columns).replace('"string"', '"text"'))
  for (const table of TABLES) {
    const folder = join(place.folder, 'mine', table)
    await mkdir(folder, { recursive: true })
    const description = { ...both, fields, ...(table === 'keyed' && KEYED) }
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, n, price FROM raw')
  }
}

/** Takes records into both tables. */
async function take(place: Workplace, ...records: readonly object[]): Promise<void> {
  for (const table of TABLES) {
    const file = `${table}.jsonl`
    await writeFile(join(place.folder, file), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    expect(await place.run('ingest', '--from', file, '--datasets', table)).toMatchObject({ exitCode: 0 })
  }
  const streamed = await place.run('stream', '--until-caught-up', '--no-dashboard')
  expect(streamed, streamed.stderr).toMatchObject({ exitCode: 0 })
}

const question = (text: string, zip: string, from: string) =>
  `SELECT id, CAST(n AS BIGINT) AS n, CAST(price AS ${text}) AS price, CAST(score AS BIGINT) AS score, ${zip} AS zip
   FROM ${from} ORDER BY id`

/** Asks the readers for each table's rows; what one of them refuses is its message. */
async function readers(place: Workplace, servers: ReaderServers) {
  const { millrace, 'delta-rs': deltaRs, spark, trino } = await openReaders(place, TABLES, servers)
  const answers = TABLES.map(async (table) => {
    const asked = {
      millrace: millrace(table, (from) => question('VARCHAR', 'dest.zip', from)),
      'delta-rs': deltaRs(table, (from) => question('VARCHAR', "dest['zip']", from)),
      spark: spark(table, (from) => question('STRING', 'dest.zip', from)),
      trino: trino(table, (from) => question('VARCHAR', 'dest.zip', from)),
    }
    const found = Object.entries(asked).map(async ([reader, rows]) => {
      return [reader, await rows.catch((error: Error) => error.message)] as const
    })
    return Object.fromEntries(await Promise.all(found))
  })
  return Promise.all(answers)
}

const row = (id: number, n: number, price: string, more: object = {}) => ({
  ...{ id, n, price, score: null, zip: null, ...more },
})

it('columns that came are NULL in older files for delta-rs, Spark and Trino; wider ones are read by who can', {
  timeout: 300_000,
}, async ({ judge, spark, trino, s3 }) => {
  const servers = { judge, spark, trino, s3 }
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: TABLES.join() })
  onTestFinished(() => place.leave())
  await describe(place, COLUMNS)
  await take(place, { id: 1, n: 1, price: '1.50' }, { id: 2, n: 2, price: '2.50' })
  await take(place, { id: 3, n: 3, price: '3.50', score: 7, dest: { zip: 'a' } }, { id: 4, n: 4, price: '4.50' })
  const added = [row(1, 1, '1.50'), row(2, 2, '2.50'), row(3, 3, '3.50', { score: 7, zip: 'a' }), row(4, 4, '4.50')]
  for (const answers of await readers(place, servers)) {
    expect(answers).toEqual({ millrace: added, 'delta-rs': added, spark: added, trino: added })
  }

  await describe(place, { ...COLUMNS, n: { type: 'long' }, price: { type: 'decimal(10,2)' } })
  const wide = { n: 5_000_000_000, price: '12345678.25' }
  await take(place, { id: 5, ...wide })
  for (const table of TABLES) {
    expect(await place.sql(`SELECT reason FROM ${table}_quarantine`)).toMatchObject([
      { reason: expect.stringContaining('out of range') },
    ])
    await sparkSql(
      spark,
      `ALTER TABLE delta.\`${join(place.folder, 'lake', table)}\` SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')`,
    )
  }
  await take(place, { id: 6, ...wide, score: 8 })
  const widened = [...added, row(6, wide.n, wide.price, { score: 8 })]
  for (const answers of await readers(place, servers)) {
    expect(answers).toEqual({
      ...{ millrace: widened, spark: widened },
      'delta-rs': expect.stringContaining('Unsupported table features required: [TypeWidening]'),
      trino: expect.stringContaining("Column 'n' cannot be resolved"),
    })
  }
})
