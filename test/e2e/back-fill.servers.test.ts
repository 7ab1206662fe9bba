import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openKeyspace } from './cassandra-keyspace.ts'
import { openPage, openShell } from './examples.ts'
import { openWorkplace } from './millrace.ts'
import { openSchema } from './postgres-schema.ts'

const KEYED = { mode: 'upsert', key: ['id'], sequenceBy: ['n'], deleteWhen: "note = 'gone'" }
const RULES = {
  appended: {},
  'appended, with columns that came with them': { onSchemaChange: 'evolve' },
  keyed: KEYED,
}

/** A place with the data set `note`. */
async function openNotes(rules: object, environment: Readonly<Record<string, string>>) {
  const place = await openWorkplace({ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'note', ...environment })
  onTestFinished(() => place.leave())
  const folder = join(place.folder, 'mine', 'note')
  const fields = { id: { type: 'long' }, n: { type: 'long' }, note: { type: 'text' } }
  const columns = { id: { type: 'long' }, n: { type: 'long' }, note: { type: 'string' } }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ description: 'Notes', fields, columns, ...rules }))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, n, note FROM raw')
  const take = async (outputs: readonly string[], ...records: readonly object[]) => {
    await writeFile(join(place.folder, 'note.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    expect(await place.run('ingest', '--from', 'note.jsonl')).toMatchObject({ exitCode: 0 })
    const to = outputs.flatMap((address) => ['--to', address])
    const streamed = await place.run('stream', '--until-caught-up', '--no-dashboard', ...to)
    expect(streamed, streamed.stderr).toMatchObject({ exitCode: 0 })
  }
  return {
    place,
    /** Fills the output between what the lake alone has taken and what both take. */
    async fill(address: string) {
      await take(['delta'], { id: 1, n: 1, note: 'a' }, { id: 2, n: 1, note: 'b', more: 7 }, { id: 3, n: 1, note: 'c' })
      await take(['delta'], { id: 1, n: 5, note: 'd' }, { id: 3, n: 9, note: 'gone' })
      const filled = await place.run('back-fill', '--to', address, '--json')
      expect(filled, filled.stderr).toMatchObject({ exitCode: 0 })
      // What is older than the rows, or than a delete, must not win.
      await take(['delta', address], { id: 3, n: 4, note: 'late' }, { id: 1, n: 2, note: 'late' }, { id: 4, n: 1 })
      const again = await place.run('back-fill', '--to', address)
      expect(again.stderr).toContain('has progress of the group')
      return place.sql('SELECT id::VARCHAR AS id, n::VARCHAR AS n, note FROM note ORDER BY 1, 2')
    },
  }
}

withServices('postgres').for(Object.entries(RULES))(
  'rows that are %s are in a new PostgreSQL once, those that come later too',
  async ([, rules], { postgres }) => {
    const schema = await openSchema(postgres)
    const { place, fill } = await openNotes(rules, { PGPASSWORD: postgres.password })
    const rows = await fill(schema.address)
    expect(rows.length).toBe('mode' in rules ? 3 : 8)
    expect(await schema.rows('id, n, note', 'note')).toEqual(expect.arrayContaining(rows))
    expect(await schema.rows('count(*)::int AS rows', 'note')).toEqual([{ rows: rows.length }])
    if ('onSchemaChange' in rules) expect(await schema.rows('max(more) AS more', 'note')).toEqual([{ more: '7' }])
    const verified = await place.run('verify', '--source', 'embedded:./data/stream.db', '--to', schema.address)
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 })
  },
)

withServices('cassandra')(
  'keyed rows are in a new Cassandra once, those that come later too',
  async ({ cassandra }) => {
    const keyspace = openKeyspace(cassandra)
    const { fill } = await openNotes(KEYED, { CASSANDRA_PASSWORD: cassandra.password })
    const rows = await fill(keyspace.address('id'))
    const there = (await keyspace.rows('id, n, note', 'note')).map(({ id, n, note }) => {
      return { id: String(id), n: String(n), note }
    })
    expect(there.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(rows)
  },
)

withServices('postgres')('the example of docs/outputs.md fills a table', async ({ postgres }) => {
  const { examplesOf, run } = await openPage('outputs.md')
  const [example = ''] = examplesOf('millrace back-fill')
  const { user, host, port, database, password, ca } = postgres
  const schema = await openSchema(postgres)
  const place = await openShell()
  await place.run('ingest', '--count', '30', '--datasets', 'pin')
  await place.run('stream', '--until-caught-up', '--datasets', 'pin')
  const result = await run(place, example, {
    'loader@postgres.example:5432/posts?schema=live': `${user}@${host}:${port}/${database}?schema=${schema.name}`,
    '/etc/ssl/postgres-ca.pem': ca,
    'PGPASSWORD=example': `PGPASSWORD=${password}`,
  })
  expect(result, result.output).toMatchObject({ exitCode: 0 })
  expect(await schema.rows('count(*)::int AS rows', 'pin')).toEqual([{ rows: 30 }])
})
