import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withServices } from '@millrace/testkit'
import { describe, expect, onTestFinished } from 'vitest'
import { withOrders } from './column-types.ts'
import { openPage, openShell } from './examples.ts'
import { openWorkplace, type Workplace } from './millrace.ts'
import { openSchema } from './postgres-schema.ts'

const it = withServices('postgres')

async function workplace(environment: Readonly<Record<string, string>>): Promise<Workplace> {
  const place = await openWorkplace(environment)
  onTestFinished(() => place.leave())
  return place
}

const NOTE = {
  description: 'Any text',
  fields: { id: { type: 'long' }, note: { type: 'text' } },
  columns: { id: { type: 'long' }, note: { type: 'string' } },
}

async function withNotes(place: Workplace, more: object = {}): Promise<void> {
  const folder = join(place.folder, 'mine', 'note')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...NOTE, ...more }))
  await writeFile(join(folder, 'clean.sql'), 'SELECT id, note FROM raw')
}

const ODD = [
  '',
  ' ',
  'NULL',
  '\\N',
  '\\.',
  'a\n\\.\nb',
  '\n\\.\n',
  '"',
  '""',
  'a,"b"',
  "it's",
  '\\x00',
  'é\u2028😀',
  '\t',
]

/** Puts so many posts into the source, each of its own number. */
async function ingest(place: Workplace, from: number, to: number): Promise<void> {
  const file = join(place.folder, `from-${from}.jsonl`)
  const posts = Array.from({ length: to - from }, (_, i) => `${JSON.stringify({ index: from + i, title: 'a post' })}\n`)
  await writeFile(file, posts.join(''))
  const sent = await place.run('ingest', '--from', file, '--datasets', 'pin', '--mode', 'all')
  expect(sent, sent.stderr).toMatchObject({ exitCode: 0 })
}

describe('an output that is detached', () => {
  it('is left out visibly, and gets what it has missed when it is attached again; the example of docs/outputs.md', async ({
    postgres,
  }) => {
    const { examplesOf, run } = await openPage('outputs.md')
    const [example = ''] = examplesOf('postgres-away.example')
    const schema = await openSchema(postgres)
    const { user, host, port, database, password, ca } = postgres
    const place = await openShell()
    const replacements = {
      'loader@postgres-away.example:5432/posts': `${user}@${host}:${port}/${database}`,
      'schema=live': `schema=${schema.name}`,
      '/etc/ssl/postgres-ca.pem': ca,
      'PGPASSWORD=example': `PGPASSWORD=${password}`,
    }
    const stream = async (isDetached: boolean) => {
      const command = example.replace('millrace stream', 'millrace stream --until-caught-up')
      const shown = isDetached ? command : command.replace(/ \\\n +--detach .*/, '')
      const result = await run(place, shown, replacements)
      expect(result, result.output).toMatchObject({ exitCode: 0 })
      return result.output
    }
    const there = async () => (await schema.rows('ind', 'pin')).map(({ ind }) => Number(ind))
    const numbers = (to: number) => Array.from({ length: to }, (_, i) => i)
    await ingest(place, 0, 30)
    expect(await stream(false)).not.toContain('detached')
    await ingest(place, 30, 50)
    expect(await stream(true)).toContain('is detached')
    expect(await there()).toEqual(numbers(30))
    const looked = await run(place, example.replace('millrace stream', 'millrace doctor'), replacements)
    expect(looked.output).toMatch(/not set +output postgres:.*detached/)
    await ingest(place, 50, 60)
    expect(await stream(false)).toContain('behind the anchor')
    expect(await there()).toEqual(numbers(60))
    const verified = await run(
      place,
      example
        .replace('millrace stream', 'millrace verify --source embedded:./data/stream.db')
        .replace(/ \\\n +--detach .*/, ''),
      replacements,
    )
    expect(verified, verified.output).toMatchObject({ exitCode: 0 })
  })
})

it.for([
  ['appended', {}],
  ['keyed', { mode: 'upsert', key: ['id'] }],
] as const)(
  'rows that are %s bring their columns here too, also after the output was detached',
  async ([, mode], { postgres }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({
      ...{ MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: 'note', PGPASSWORD: postgres.password },
    })
    await withNotes(place, { onSchemaChange: 'evolve', ...mode })
    const take = async (to: readonly string[], ...records: readonly object[]) => {
      await writeFile(join(place.folder, 'note.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
      expect(await place.run('ingest', '--from', 'note.jsonl')).toMatchObject({ exitCode: 0 })
      const outputs = ['delta', 'archive:./kept', ...to].flatMap((address) => ['--to', address])
      const streamed = await place.run('stream', '--until-caught-up', '--no-dashboard', ...outputs)
      expect(streamed, streamed.stderr).toMatchObject({ exitCode: 0 })
    }
    await take([schema.address], { id: 1, note: 'a' })
    const more = { score: 7, dest: { zip: '1' } }
    await take([schema.address], { id: 2, note: 'b', ...more }, { id: 3, note: 'c' }, { id: 4, dest: { zip: '\0' } })
    await take([], { id: 5, score: 8, level: 'x' }, { id: 6, score: 'no' })
    await take([schema.address], { id: 7, score: 9 })
    const expected = [
      { id: '1', note: 'a', score: null, zip: null, level: null },
      { id: '2', note: 'b', score: '7', zip: '1', level: null },
      { id: '3', note: 'c', score: null, zip: null, level: null },
      { id: '5', note: null, score: '8', zip: null, level: 'x' },
      { id: '7', note: null, score: '9', zip: null, level: null },
    ]
    expect(await schema.rows(`id, note, score, dest->>'zip' AS zip, level`, 'note')).toEqual(expected)
    const asText = 'id::VARCHAR AS id, note, score::VARCHAR AS score, dest.zip AS zip, level'
    expect(await place.sql(`SELECT ${asText} FROM note ORDER BY 1`)).toEqual(expected)
    expect(await place.sql('SELECT reason FROM note_quarantine ORDER BY "offset"')).toEqual([
      { reason: 'expectation fits_outputs failed' },
      { reason: 'wrong type in field score' },
    ])
    expect(await place.run('verify')).toMatchObject({ exitCode: 0 })
  },
)

describe('stream --to postgres://…', () => {
  it('the example of docs/outputs.md', async ({ postgres }) => {
    const { examplesOf, run } = await openPage('outputs.md')
    const [example = ''] = examplesOf('postgres.example')
    const { user, host, port, database, password, ca } = postgres
    const schema = await openSchema(postgres)
    const place = await openShell()
    await place.run('ingest', '--count', '30', '--datasets', 'pin')
    const result = await run(place, example.replace('millrace stream', 'millrace stream --until-caught-up'), {
      'loader@postgres.example:5432/posts?schema=live': `${user}@${host}:${port}/${database}?schema=${schema.name}`,
      '/etc/ssl/postgres-ca.pem': ca,
      'PGPASSWORD=example': `PGPASSWORD=${password}`,
    })
    expect(result, result.output).toMatchObject({ exitCode: 0 })
    expect(await schema.rows('count(*)::int AS rows', 'pin')).toEqual([{ rows: 30 }])
  })

  it('every type of column has its own there', ({ postgres }) =>
    withOrders(async (place) => {
      const schema = await openSchema(postgres)
      process.env.PGPASSWORD = postgres.password
      const result = await place.run('stream', '--until-caught-up', '--group', 'pg', '--to', schema.address)
      expect(result, result.stderr).toMatchObject({ exitCode: 0 })
      const columns = `id, total::text, balance::text, day::text, paid, weight, placed::text, placed_local::text,
        item_count, encode(bytes, 'escape') AS bytes, items, address, labels`
      const [first] = await schema.rows(columns, 'order')
      expect(first).toEqual({
        ...{ id: '7', total: '12.50', balance: null, day: '2024-02-29', paid: true, weight: 0.5, item_count: 2 },
        ...{ placed: '2024-07-01 12:00:00+00', placed_local: '2024-07-01 13:00:00' },
        bytes: '[{"sku":"a-1","pieces":2},{"sku":"b-2","pieces":null}]',
        items: [
          { sku: 'a-1', pieces: 2 },
          { sku: 'b-2', pieces: null },
        ],
        address: { street: 'High Street', lines: ['1', '2'] },
        labels: { gift: 'yes', n: '3' },
      })
      expect((await schema.rows('id, balance::text', 'order')).find(({ id }) => id === '12')).toEqual({
        id: '12',
        balance: '12345678901234567890123456789012.345678',
      })
    }))

  it('odd texts come as they are; one with a NUL character goes to the quarantine, and the batch goes on', async ({
    postgres,
  }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({
      MILLRACE_DATASET_FOLDERS: 'mine',
      MILLRACE_DATASETS: 'note',
      PGPASSWORD: postgres.password,
    })
    await withNotes(place)
    const notes = [...ODD.map((note, id) => ({ id, note })), { id: 100, note: 'a\0b' }, { id: 101, note: null }]
    await writeFile(join(place.folder, 'notes.jsonl'), notes.map((each) => `${JSON.stringify(each)}\n`).join(''))
    await place.run('ingest', '--from', 'notes.jsonl')
    const result = await place.run('stream', '--until-caught-up', '--to', 'delta', '--to', schema.address)
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    const kept = notes.filter(({ id }) => id !== 100)
    expect(await schema.rows('id::int, note', 'note')).toEqual(kept)
    expect(await place.sql('select id, note from note order by id')).toEqual(kept)
    expect(await place.sql('select reason from note_quarantine')).toEqual([
      { reason: 'expectation fits_outputs failed' },
    ])
  })

  it('a second group on the same table stops with a choice', async ({ postgres }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({ MILLRACE_DATASETS: 'pin', PGPASSWORD: postgres.password })
    await place.run('ingest', '--count', '20')
    const stream = (...more: string[]) => place.run('stream', '--until-caught-up', '--to', schema.address, ...more)
    expect(await stream()).toMatchObject({ exitCode: 0 })
    expect(await stream('--group', 'two')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/ANOTHER_GROUP.*millrace puts the records of pin into this table already/),
    })
    expect(await stream('--group', 'two', '--another-group')).toMatchObject({ exitCode: 0 })
    expect(await schema.rows('count(*)::int AS rows', 'pin')).toEqual([{ rows: 40 }])
  })

  it('doctor says whether it answers', async ({ postgres }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({ PGPASSWORD: postgres.password })
    const doctor = (to: string) => place.run('doctor', '--to', to)
    expect((await doctor(schema.address)).stdout).toMatch(/ok +output postgres:.* PostgreSQL 15.*, TLS\n/)
    expect(await doctor(schema.address.replace(/\/\/[^@]*@/, '//nobody@'))).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/problem +output postgres:.*nobody/),
    })
  })

  it('verify compares the table with what was written and with the source', async ({ postgres }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({ MILLRACE_DATASETS: 'pin', PGPASSWORD: postgres.password })
    const source = ['--source', `embedded:${join(place.folder, 'data', 'stream.db')}`]
    const stream = () => place.run('stream', '--until-caught-up', '--to', 'delta', '--to', schema.address)
    for (let i = 0; i < 2; i++) {
      await place.run('ingest', '--count', '20')
      expect(await stream()).toMatchObject({ exitCode: 0 })
    }
    const verify = () => place.run('verify', '--to', schema.address, ...source)
    const good = await verify()
    expect(good, good.stdout + good.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/pin +millrace +pin\/0 +0 → 40 +40\n.*nothing is missing/s),
    })
    await schema.change('DELETE FROM "pin" WHERE ctid = (SELECT min(ctid) FROM "pin")')
    await schema.change('UPDATE millrace_progress SET messages = messages + 1')
    expect(await verify()).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(
        /40 rows were written, the table has 39.*the source holds 40 messages, the table accounts for 41/s,
      ),
    })
  })

  it('killed again and again, two outputs have every record once', async ({ postgres }) => {
    const schema = await openSchema(postgres)
    const place = await workplace({ MILLRACE_DATASETS: 'pin', PGPASSWORD: postgres.password })
    const posts = 4000
    const sending = place.start('ingest', '--count', String(posts), '--mode', 'all', '--rate', '400/s')
    const source = ['--source', `embedded:${join(place.folder, 'data', 'stream.db')}`]
    const to = [...source, '--to', 'delta', '--to', schema.address]
    let kills = 0
    while (sending.exitCode === null) {
      const worker = place.start('stream', ...to, '--every', '100ms', '--no-dashboard')
      // Killed at its second commit, wherever it is by then.
      let seen = ''
      const look = (chunk: Buffer) => {
        seen += chunk
        if (seen.split('"committed"').length > 2) worker.kill('SIGKILL')
      }
      for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', look)
      await Promise.race([once(worker, 'exit'), once(sending, 'exit')])
      if (worker.exitCode === null) worker.kill('SIGKILL')
      kills++
    }
    const result = await place.run('stream', '--until-caught-up', ...to)
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    expect(kills).toBeGreaterThan(1)
    const counts = 'count(*)::int AS rows, count(DISTINCT ind)::int AS inds'
    const [[ours], [theirs]] = [await place.sql(`select ${counts} from pin`), await schema.rows(counts, 'pin')]
    expect(theirs).toEqual({ rows: posts, inds: posts })
    expect(ours).toEqual({ rows: posts, inds: posts })
  })
})
