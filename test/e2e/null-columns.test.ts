import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openWorkplace } from './millrace.ts'

it("a column that its data set no longer fills stops the worker and the daily run before anything is changed, unless that is said; doctor, the worker and its table's figures tell of it", async () => {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'sale' })
  try {
    const folder = join(place.folder, 'mine', 'sale')
    await mkdir(folder, { recursive: true })
    const define = async (text: string) => {
      const fields = { id: { type: 'long' }, note: { type: 'text' } }
      const dataset = { description: 'Sales', fields, columns: { id: { type: 'long' }, [text]: { type: 'string' } } }
      await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset))
      await writeFile(join(folder, 'clean.sql'), `SELECT id, note AS ${text} FROM raw`)
    }
    const catchUp = (...more: string[]) => place.run('stream', '--until-caught-up', ...more)
    const daily = (date: string, ...more: string[]) => place.run('batch', '--date', date, ...more)
    const entries = async (table: string) =>
      (await readdir(join(place.folder, 'lake', table, '_delta_log'))).filter((name) => /^\d+\.json$/.test(name))

    await define('note')
    await writeFile(join(place.folder, 'sales.jsonl'), '{"id":1,"note":"a"}\n')
    await place.run('ingest', '--from', 'sales.jsonl')
    expect(await catchUp()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('sale reads sale') })
    expect(await daily('2026-01-31')).toMatchObject({ exitCode: 0 })
    const before = [await entries('sale'), await entries('batch/sale')]

    await define('remark')
    await place.run('ingest', '--from', 'sales.jsonl')
    const refused = {
      exitCode: 1,
      stderr: expect.stringMatching(/COLUMNS_WITHOUT_VALUES\]: .*\/sale has a column note that .*--null-columns/s),
    }
    expect(await catchUp()).toMatchObject(refused)
    expect(await daily('2026-02-01')).toMatchObject(refused)
    expect([await entries('sale'), await entries('batch/sale')]).toEqual(before)
    const doctor = await place.run('doctor', '--json')
    expect(JSON.parse(doctor.stdout)).toContainEqual(
      expect.objectContaining({ check: 'table sale', result: 'problem', detail: expect.stringContaining('note') }),
    )

    const allowed = await catchUp('--null-columns', 'sale=note')
    expect(allowed).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('sale: NULL in every new row, as --null-columns allows: note'),
    })
    expect(await daily('2026-02-01', '--null-columns', 'sale=note')).toMatchObject({ exitCode: 0 })
    expect(await place.sql('select note, remark from batch.sale order by note nulls last')).toHaveLength(2)
    expect(await place.sql('select note, remark from sale order by note nulls last')).toEqual([
      { note: 'a', remark: null },
      { note: null, remark: 'a' },
    ])
  } finally {
    await place.leave()
  }
})
