import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { openWorkplaces } from './workplaces.ts'

const workplace = openWorkplaces()

it('a CSV file, whose values are all text, is typed by its data set', async () => {
  const place = await workplace()
  const printed = await place.run('ingest', '--count', '300', '--mode', 'all', '--seed', '4', '--to', 'console')
  const pins = printed.stdout.split('\n').filter((line) => line.startsWith('{"index"'))
  const rows = pins.map((pin) =>
    Object.values(JSON.parse(pin) as Record<string, unknown>)
      .map(csvValue)
      .join(),
  )
  const header = Object.keys(JSON.parse(pins[0] ?? '') as object).join()
  await writeFile(join(place.folder, 'pins.csv'), `${[header, ...rows].join('\n')}\n`)
  await writeFile(join(place.folder, 'pins.jsonl'), pins.join('\n'))
  for (const [file, lake] of [
    ['pins.csv', 'csv'],
    ['pins.jsonl', 'jsonl'],
  ] as const) {
    const to = `embedded:./${lake}.db`
    expect(await place.run('ingest', '--from', file, '--datasets', 'pin', '--to', to)).toMatchObject({ exitCode: 0 })
    const stream = ['stream', '--until-caught-up', '--datasets', 'pin', '--source', to, '--lake', lake]
    expect(await place.run(...stream)).toMatchObject({ exitCode: 0 })
  }
  const read = (lake: string) => place.run('sql', '--lake', lake, '--format', 'json', 'select * from pin order by ind')
  const fromCsv = await read('csv')
  expect(JSON.parse(fromCsv.stdout)).toHaveLength(300)
  expect(fromCsv.stdout).toBe((await read('jsonl')).stdout)
})

it('Ctrl-C stops an endless emulator; what it says it sent is stored', async () => {
  const place = await workplace()
  const child = place.start('ingest', '--rate', '50/s', '--json', '--datasets', 'pin')
  const lines: string[] = []
  const output = child.stdout && createInterface(child.stdout)
  output?.on('line', (line) => lines.push(line))
  const closed = once(child, 'close')
  const stored = () =>
    readFile(join(place.folder, 'data/stream.db')).then(
      ({ length }) => length,
      () => 0,
    )
  await expect.poll(stored, { timeout: 30_000 }).toBeGreaterThan(0)
  child.kill('SIGINT')
  expect(await closed).toEqual([130, null])
  const { posts, records } = JSON.parse(lines.join('')) as { posts: number; records: number }
  expect(records).toBe(posts)
  await place.run('stream', '--until-caught-up', '--datasets', 'pin')
  expect(await place.sql('select count(*) as n from pin')).toEqual([{ n: posts }])
})

it('a password in the address of MySQL is refused and not repeated', async () => {
  const place = await workplace()
  const refused = await place.run('ingest', '--from', 'mysql://root:hush-hush@127.0.0.1/app')
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('MYSQL_PWD') })
  expect(refused.stderr + refused.stdout).not.toContain('hush-hush')
})

function csvValue(value: unknown): string {
  return `"${String(value).replaceAll('"', '""')}"`
}
