import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { temporaryFolder } from '@millrace/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linesOf } from '../../src/files/lines.ts'
import { collect } from '../collect.ts'

async function sent(name: string, text: string) {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, text)
  const { records } = await collect({ from: path, datasets: ['pin'] })
  return records.get('pin') ?? []
}

it('sends the lines of a file as they stand there, without the empty ones', async () => {
  const text = '{"a": 1}\r\n\n{"b":\t"é\\n"}\nnot JSON\n\r\n{"last":true}'
  expect(await sent('pins.jsonl', text)).toEqual(['{"a": 1}', '{"b":\t"é\\n"}', 'not JSON', '{"last":true}'])
  expect(await sent('pins.json', '')).toEqual([])
})

it('lines keep whole wherever the blocks that are read end', async () => {
  const path = join(await temporaryFolder(), 'lines')
  const line = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(700_000)))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (drawn) => {
      const lines = drawn.map((text) => text.replace(/[\r\n]/g, '.')).filter((text) => text !== '')
      await writeFile(path, lines.map((text) => `${text}\n`).join(''))
      const read: string[] = []
      for await (const piece of linesOf(path)) read.push(...piece.map((bytes) => Buffer.from(bytes).toString()))
      expect(read).toEqual(lines)
    }),
    { numRuns: 30 },
  )
})

it('sends the rows of a CSV file in their order, every value as its text', async () => {
  const header = 'index,title,follower_count,downloaded'
  const rows = Array.from({ length: 5_000 }, (_, i) => `${i},"a ""title""\nin two, lines",007,1`)
  const records = await sent('pins.csv', [header, '3,,9k,0', ...rows].join('\n'))
  expect(records[0]).toBe('{"index":"3","title":null,"follower_count":"9k","downloaded":"0"}')
  expect(records.slice(1)).toEqual(
    rows.map((_, i) =>
      JSON.stringify({ index: String(i), title: 'a "title"\nin two, lines', follower_count: '007', downloaded: '1' }),
    ),
  )
})

it('sends the rows of a Parquet file in their order, numbers as numbers and times as text', async () => {
  const path = join(await temporaryFolder(), "it's.parquet")
  const duckdb = await openDuckDB({ files: 'all' })
  const connection = await duckdb.connect()
  const row = `i AS ind, TIMESTAMP '2020-02-29 23:59:59' AS timestamp, -42.0773 AS latitude, 'Åland' AS country, NULL AS no`
  await connection.run(`COPY (SELECT ${row} FROM range(300000) t(i) ORDER BY i) TO '${path.replace("'", "''")}'`)
  duckdb.close()
  const { records } = await collect({ from: path, datasets: ['geo'], count: 250_000 })
  const geos = records.get('geo') ?? []
  expect(geos.length).toBe(250_000)
  expect(geos[249_999]).toBe(
    '{"ind":249999,"timestamp":"2020-02-29 23:59:59","latitude":-42.0773,"country":"Åland","no":null}',
  )
  expect(geos.findIndex((geo, i) => !geo.startsWith(`{"ind":${i},`))).toBe(-1)
})

it('says what is wrong with a file', async () => {
  const folder = await temporaryFolder()
  const failure = (name: string, datasets = ['pin']) =>
    collect({ from: join(folder, name), datasets }).catch((error: unknown) => error)
  await writeFile(join(folder, 'no.parquet'), 'no Parquet at all')
  await writeFile(join(folder, 'pins.jsonl'), '')
  expect(await failure('none.jsonl')).toMatchObject({ code: 'USAGE', message: expect.stringContaining('none.jsonl') })
  expect(await failure('no.parquet')).toMatchObject({
    code: 'RECORD_INVALID',
    message: expect.stringContaining('parquet'),
  })
  expect(await failure('pins.jsonl', ['pin', 'geo'])).toMatchObject({
    code: 'USAGE',
    next: expect.stringContaining('one data set'),
  })
})
