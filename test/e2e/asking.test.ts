import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

let place: Workplace
beforeAll(async () => {
  place = await openWorkplace()
  const ran = [
    await place.run('ingest', '--count', '300', '--seed', '7'),
    await place.run('stream', '--until-caught-up', '--no-dashboard'),
    await place.run('batch', '--date', '2026-01-31'),
  ]
  expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
})
afterAll(() => place.leave())

const read = (file: string) => readFile(join(place.folder, file), 'utf8')

describe('millrace report', () => {
  it('makes the page that the daily run made, but for the steps that came after it', async () => {
    expect(await place.run('report', '-o', 'page.html')).toMatchObject({ exitCode: 0, stdout: '' })
    const [page, ofRun] = await Promise.all([read('page.html'), read('reports/2026-01-31/report.html')])
    const upToSteps = (text: string) => text.slice(0, text.indexOf('<caption>Steps</caption>'))
    expect(upToSteps(page)).toBe(upToSteps(ofRun))
    expect(page).toContain('Report of 2026-01-31')
  })

  it('of a date that has no run says so', async () => {
    const { exitCode, stderr } = await place.run('report', '--date', '2020-02-02', '-o', 'none.html')
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no run of 2020-02-02') })
    expect(existsSync(join(place.folder, 'none.html'))).toBe(false)
  })
})

describe('millrace sql', () => {
  it('writes what the ending of the file says, and reads it back', async () => {
    for (const ending of ['csv', 'parquet']) {
      expect((await place.run('sql', 'select * from pin', '-o', `pin.${ending}`)).exitCode).toBe(0)
      const same = `select count(*) as n, bool_and(a.title is not distinct from b.title) as same
        from pin a join 'pin.${ending}' b using (unique_id, ind)`
      expect(await place.sql(same)).toEqual([{ n: expect.any(Number), same: true }])
    }
    expect((await place.run('sql', 'select 1 as one', '-o', 'one.md')).exitCode).toBe(0)
    expect(await read('one.md')).toBe('| one |\n| ---: |\n| 1 |\n')
  })

  it('leaves no file where the SQL fails', async () => {
    expect(await place.run('sql', "select error('no') from pin", '-o', 'half.csv')).toMatchObject({ exitCode: 1 })
    expect((await readdir(place.folder)).filter((name) => name.startsWith('half'))).toEqual([])
  })

  it('shows an older version beside the newest', async () => {
    const sql = 'select (select count(*) from pin) as now, (select count(*) from pin at (version => 0)) as before'
    expect(await place.sql(sql)).toEqual([{ now: 300, before: 0 }])
  })

  it('exports what there is, and takes the place of nothing', async () => {
    expect(await place.run('sql', '--export', 'lake.duckdb')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/batch\/q1, .*pin/),
    })
    await writeFile(join(place.folder, 'mine.duckdb'), 'mine')
    expect((await place.run('sql', '--export', 'mine.duckdb')).exitCode).toBe(2)
    expect(await read('mine.duckdb')).toBe('mine')
  })
})
