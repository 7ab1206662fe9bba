import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkplace, printed, type Workplace } from './millrace.ts'

let place: Workplace
beforeAll(async () => {
  place = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
  await place.run('ingest', '--count', '100')
  await place.run('stream', '--until-caught-up')
  await place.run('ingest', '--count', '7')
  await mkdir(join(place.folder, 'questions'))
  const question = { title: 'Pins', chart: { kind: 'bars', x: 'what', y: 'pins' }, reads: ['pin'] }
  await writeFile(join(place.folder, 'questions', 'pins.json'), JSON.stringify(question))
  await writeFile(
    join(place.folder, 'questions', 'pins.sql'),
    "SELECT 'all' AS what, count(*) AS pins FROM pin\nORDER BY what\n",
  )
  const config = `import { defineConfig } from 'millrace'
export default defineConfig({ tables: { pin: 'pin_2' }, questionFolders: ['./questions'] })`
  await writeFile(join(place.folder, 'millrace.config.ts'), config)
  expect(await place.run('stream', '--until-caught-up', '--group', 'two')).toMatchObject({ exitCode: 0 })
})
afterAll(() => place.leave())

const json = async (...args: string[]) => JSON.parse((await place.run(...args, '--json')).stdout) as unknown

/** The old table holds 100 rows, the one that the configuration names 107. */
describe('a data set whose table the configuration names', () => {
  it('is asked under its own name', async () => {
    expect(await place.sql('select count(*) as n from pin')).toEqual([{ n: 107 }])
    const old = await place.run('sql', 'select count(*) as n from pin', '--tables', 'pin=pin', '--format', 'json')
    expect(JSON.parse(old.stdout)).toEqual([{ n: 100 }])
  })

  it('is verified where its rows are', async () => {
    expect(await json('verify')).toMatchObject([{ table: 'pin_2', partitions: [{ rows: 107 }] }])
  })

  it('is what the daily run reads, and its report says so; another table is another source', async () => {
    const date = ['--date', '2026-01-01']
    expect(await json('batch', ...date)).toMatchObject({ tables: [{ table: 'pin', records: 107 }] })
    expect(await json('batch', ...date)).toMatchObject({ wasDone: true })
    await place.run('report', '-o', 'report.html')
    expect(await readFile(join(place.folder, 'report.html'), 'utf8')).toContain('107')
    expect(await json('batch', ...date, '--tables', 'pin=pin')).toMatchObject({
      wasDone: false,
      tables: [{ table: 'pin', records: 100 }],
    })
  })

  it('is what the dashboard answers from', async () => {
    const worker = place.start('stream', '--datasets', 'geo', '--dashboard', '127.0.0.1:0')
    const url = await printed(worker, /(http:\/\/127\.0\.0\.1:\d+)/)
    const answers = (await (await fetch(`${url}/answers`)).json()) as { answers: unknown[] }
    expect(answers.answers).toContainEqual(expect.objectContaining({ id: 'pins', rows: [['all', 107]] }))
  })
})
