import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

let place: Workplace
beforeAll(async () => {
  place = await openWorkplace()
  await writeFile(join(place.folder, 'bad.jsonl'), '{bad\u001b[31m\n{"index":"x"}\n')
  for (const _ of [1, 2, 3]) {
    await place.run('ingest', '--count', '100')
    await place.run('stream', '--until-caught-up')
  }
  await place.run('ingest', '--from', 'bad.jsonl', '--datasets', 'pin')
  await place.run('stream', '--until-caught-up')
})
afterAll(() => place.leave())

const json = async (...args: string[]) => {
  const { exitCode, stdout } = await place.run(...args, '--json')
  return { exitCode, answer: JSON.parse(stdout) as unknown }
}

it('tables lists what is in the lake', async () => {
  const { answer } = await json('tables')
  expect(answer).toContainEqual(expect.objectContaining({ table: 'pin', rows: 300, files: 3 }))
  expect(answer).toContainEqual(expect.objectContaining({ table: 'pin_quarantine', rows: 2 }))
})

it('history tells the commits, the newest first', async () => {
  const { answer } = await json('history', 'pin', '--limit', '2')
  expect(answer).toMatchObject([{ operation: 'STREAMING UPDATE', addedFiles: 0 }, { addedFiles: 1 }])
})

it('sql asks the tables as they were at a version or a time', async () => {
  const { answer } = await json('history', 'pin')
  const [second, first] = (answer as { version: number; time: number; addedFiles: number }[])
    .filter((entry) => entry.addedFiles > 0)
    .slice(-2)
  const count = async (asOf: string) => {
    const { stdout } = await place.run('sql', 'select count(*) as n from pin', '--as-of', asOf, '--format', 'json')
    return JSON.parse(stdout) as unknown
  }
  expect(await count(String(first?.version))).toEqual([{ n: 100 }])
  expect(await count(new Date(((first?.time ?? 0) + (second?.time ?? 0)) / 2).toISOString())).toEqual([{ n: 100 }])
  expect(await place.run('sql', 'select 1', '--as-of', 'yesterday')).toMatchObject({ exitCode: 2 })
})

it('verify passes, with the source as well, and refuses a source that the table was not filled from', async () => {
  expect(await json('verify')).toMatchObject({ exitCode: 0 })
  expect(await json('verify', '--source', 'embedded:./data/stream.db')).toMatchObject({ exitCode: 0 })
  const other = await openWorkplace()
  try {
    await other.run('ingest', '--count', '100')
    await other.run('stream', '--until-caught-up')
    await other.run('ingest', '--count', '7')
    // Another store under the same address: what the table says it took from there is not there.
    const verdict = await place.run('verify', '--source', `embedded:${join(other.folder, 'data', 'stream.db')}`)
    expect(verdict).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('SOURCE_CHANGED') })
  } finally {
    await other.leave()
  }
})

it('restore takes a table back to a version, and says what is asked of its progress', async () => {
  const now = await place.sql('select count(*) as n from geo')
  expect(await place.run('restore', 'geo', '--as-of', '2')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('rewind'),
  })
  expect(await json('restore', 'geo', '--as-of', '2', '--keep-progress')).toMatchObject({
    answer: { table: 'geo', restored: 2 },
  })
  expect(await place.sql('select count(*) as n from geo')).not.toEqual(now)
  const { answer } = await json('history', 'geo')
  const versions = (answer as { version: number }[]).map(({ version }) => version)
  const last = String(Math.max(...versions) - 1)
  expect(await json('restore', 'geo', '--as-of', last, '--keep-progress')).toMatchObject({ exitCode: 0 })
  expect(await place.sql('select count(*) as n from geo')).toEqual(now)
})

it('after a restore that rewinds, the worker fills the table again and verify finds it whole, with the source as well', async () => {
  const other = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
  try {
    const source = ['--source', `embedded:${join(other.folder, 'data', 'stream.db')}`]
    const refill = async (version: string) => {
      expect(await other.run('restore', 'pin', '--as-of', version, '--rewind')).toMatchObject({ exitCode: 0 })
      expect(await other.run('verify', ...source)).toMatchObject({ exitCode: 0 })
      expect(await other.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
      expect(await other.sql('select count(*) as n from pin')).toEqual([{ n: 300 }])
      const verdict = await other.run('verify', ...source)
      expect(verdict).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/0 → 300 +300 +300 +300 /) })
    }
    for (const _ of [1, 2, 3]) {
      await other.run('ingest', '--count', '100')
      await other.run('stream', '--until-caught-up')
    }
    await refill('1')
    // The table that a restore left can be restored itself, and one without a row.
    await refill('4')
    await refill('0')
    await other.run('stream', '--group', 'two', '--until-caught-up', '--another-group')
    expect(await other.run('verify')).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('is there twice') })
  } finally {
    await other.leave()
  }
})

it('quarantine list shows hostile bytes as text that no screen obeys', async () => {
  const { stdout } = await place.run('quarantine', 'list')
  expect(stdout).toContain('not JSON')
  expect(stdout).not.toContain('\u001b[31m')
})

it('quarantine replay says what is still bad', async () => {
  expect((await json('quarantine', 'replay')).answer).toContainEqual({ table: 'pin', replayed: 0, stillBad: 2 })
})

it('optimize packs small files and keeps the rows; vacuum deletes nothing that is young', async () => {
  expect((await json('optimize', 'pin')).answer).toMatchObject({ removedFiles: 3, addedFiles: 1 })
  expect(await place.sql('select count(*) as n from pin')).toEqual([{ n: 300 }])
  expect((await json('vacuum', 'pin')).answer).toMatchObject({ keys: [] })
  const refused = await place.run('vacuum', 'pin', '--retain-hours', '0')
  expect(refused).toMatchObject({ exitCode: 2 })
  expect((await json('vacuum', 'pin', '--retain-hours', '0', '--force')).answer).toMatchObject({ deleted: true })
  expect(await place.sql('select count(*) as n from pin')).toEqual([{ n: 300 }])
})

it('doctor finds a folder fit for tables and leaves nothing behind', async () => {
  const before = await json('tables')
  expect(await json('doctor')).toMatchObject({ exitCode: 0 })
  expect(await json('tables')).toEqual(before)
})
