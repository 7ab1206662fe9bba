import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openWorkplace } from './millrace.ts'

it('a rejected record can be dismissed: its reason stays with it, lists leave it out, and a replay leaves it alone', async () => {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'sale' })
  try {
    const folder = join(place.folder, 'mine', 'sale')
    await mkdir(folder, { recursive: true })
    const define = async (predicate: string) => {
      const expectations = { paid: { predicate, otherwise: 'quarantine' } }
      const fields = { id: { type: 'long' } }
      const dataset = { description: 'Sales', fields, columns: fields, expectations }
      await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset))
      await writeFile(join(folder, 'clean.sql'), 'SELECT id FROM raw')
    }
    const list = async (...more: string[]) => {
      const { stdout } = await place.run('quarantine', 'list', '--json', ...more)
      return (JSON.parse(stdout) as { offset: string; state: string }[]).map(({ offset, state }) => [offset, state])
    }
    const dismiss = (...more: string[]) => place.run('quarantine', 'dismiss', ...more)

    await define('id > 10')
    await writeFile(join(place.folder, 'sales.jsonl'), '{"id":1}\n{"id":2}\n{"id":3}\n{"id":11}\n')
    await place.run('ingest', '--from', 'sales.jsonl', '--mode', 'all')
    await place.run('stream', '--until-caught-up')
    expect(await list()).toEqual([0, 1, 2].map((offset) => [String(offset), 'bad']))

    expect(await dismiss('--reason', 'a test')).toMatchObject({ exitCode: 2 })
    expect(await dismiss('--offset', '1')).toMatchObject({ exitCode: 2 })
    expect(await dismiss('--offset', '1,2', '--partition', '0', '--topic', 'geo', '--reason', 'x')).toMatchObject({
      exitCode: 0,
      stdout: 'sale: 0 dismissed\n',
    })
    const dismissed = await dismiss(
      '--offset',
      '1,2',
      '--topic',
      'sale',
      '--matching',
      'paid',
      '--reason',
      "it's a test",
    )
    expect(dismissed).toMatchObject({ exitCode: 0, stdout: 'sale: 2 dismissed\n' })
    expect(await list()).toEqual([['0', 'bad']])

    await define('id > 0')
    expect((await place.run('quarantine', 'replay')).stdout).toBe('sale: 1 replayed, 0 still bad\n')
    expect(await place.sql('select id from sale order by id')).toEqual([{ id: 1 }, { id: 11 }])
    expect((await list('--dismissed')).slice(1)).toEqual([
      ['1', "dismissed: it's a test"],
      ['2', "dismissed: it's a test"],
    ])
    expect(await place.run('verify')).toMatchObject({ exitCode: 0 })
  } finally {
    await place.leave()
  }
})
