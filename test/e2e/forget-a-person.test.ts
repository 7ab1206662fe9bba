import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPage, openShell } from './examples.ts'

it('the examples of docs/forget-a-person.md leave no file that holds the person', async () => {
  const place = await openShell({ MILLRACE_DATASETS: 'user' })
  const page = await openPage('forget-a-person.md')
  const record = (ind: number, name: string, age: unknown) =>
    JSON.stringify({ ind, first_name: name, age, date_joined: '2020-01-01T00:00:00' })
  const lines = [record(1, 'aaron', 30), record(2, 'octavia', 31), record(3, 'zoe', 32), record(4, 'octavia', 'many')]
  await writeFile(join(place.folder, 'user.jsonl'), `${lines.join('\n')}\n`)
  const fill = 'millrace ingest --from user.jsonl --datasets user && millrace stream --until-caught-up'
  expect(await page.run(place, fill, {})).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT user_name FROM user ORDER BY ALL')).toHaveLength(3)

  const [list = '', explain = '', remove = '', vacuum = '', proof = ''] = page.examplesOf('')
  const run = (example: string) => page.run(place, example, {})
  const found = async () => (await run(proof)).output
  await run(list)
  expect((await run(explain)).output).toMatch(/deleted +updated[\s\S]*\b1\b/)
  expect(await found()).toMatch(/found\n[^0]/)
  expect(await run(remove)).toMatchObject({ exitCode: 0 })
  expect(await found()).toMatch(/found\n[^0]/)
  expect(await run(vacuum)).toMatchObject({ exitCode: 0 })
  expect(await found()).toBe('found\n0\nno log names them\n')

  expect(await place.sql('SELECT user_name FROM user ORDER BY ALL')).toEqual([
    { user_name: 'aaron' },
    { user_name: 'zoe' },
  ])
  const again = await page.run(place, 'millrace stream --until-caught-up && millrace verify', {})
  expect(again, again.output).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT count(*) AS n FROM user')).toEqual([{ n: 2 }])
})
