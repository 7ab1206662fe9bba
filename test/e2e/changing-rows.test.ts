import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPage, openShell } from './examples.ts'

it('the examples of docs/sql.md change rows, and say what has changed', async () => {
  const place = await openShell()
  const page = await openPage('sql.md')
  const text = await readFile(join(import.meta.dirname, '../../docs/sql.md'), 'utf8')
  const blocksOf = (heading: string) => {
    const [, section = ''] = text.split(`\n## ${heading}\n`)
    return [...(section.split('\n## ')[0] ?? '').matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql)
  }
  const ask = async (sql: string) => {
    await writeFile(join(place.folder, 'statements.sql'), sql)
    return page.run(place, 'millrace sql < statements.sql', {})
  }
  await writeFile(
    join(place.folder, 'fixes.json'),
    '[{"ind": 1, "gone": true}, {"ind": 2, "category": "fixed", "gone": false}, {"ind": 99, "category": "new", "gone": false}]',
  )
  const record = (index: number, category: string, follower_count: string) =>
    JSON.stringify({ index, unique_id: `u${index}`, category, follower_count, poster_name: 'A' })
  const posts = [
    record(1, 'Art', '9k'),
    record(2, 'diy', '7'),
    record(3, 'Art', '12'),
    record(4, 'art', 'User Info Error'),
  ]
  await writeFile(join(place.folder, 'pin.jsonl'), `${posts.join('\n')}\n`)
  const filled = await page.run(place, 'millrace ingest --from pin.jsonl && millrace stream --until-caught-up', {})
  expect(filled, filled.output).toMatchObject({ exitCode: 0 })
  const [{ version: before } = {}] = await place.sql(
    "SELECT max(_commit_version) AS version FROM table_changes('pin', 0)",
  )

  const [explain = ''] = page.examplesOf('--explain')
  expect((await page.run(place, explain, {})).output).toMatch(/deleted +updated[\s\S]*\b1\b/)
  expect(await place.sql('SELECT count(*) AS n FROM pin')).toEqual([{ n: 4 }])

  const [statements = ''] = blocksOf('Changing rows')
  const changed = await ask(statements)
  expect(changed, changed.output).toMatchObject({ exitCode: 0 })
  expect(await place.sql('SELECT ind, category FROM pin ORDER BY ind')).toEqual([
    { ind: -1, category: 'none' },
    { ind: 2, category: 'fixed' },
    { ind: 3, category: 'art' },
    { ind: 99, category: 'new' },
  ])

  const today = new Date()
  const tomorrow = new Date(today.getTime() + 86_400_000)
  const day = (date: Date) => date.toISOString().slice(0, 10)
  const [changes = ''] = blocksOf('What has changed')
  const from = Number(before) + 1
  const said = await ask(
    changes
      .replace('3, 7', `${from}, ${from + 3}`)
      .replace('2026-01-31', day(today))
      .replace('2026-02-01', day(tomorrow)),
  )
  expect(said, said.output).toMatchObject({
    exitCode: 0,
    output: expect.stringMatching(/insert[\s\S]*delete|delete[\s\S]*insert/),
  })
})
