import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withServices } from '@millrace/testkit'
import { describe, expect, onTestFinished } from 'vitest'
import { openKeyspace } from './cassandra-keyspace.ts'
import { withOrders } from './column-types.ts'
import { openPage, openShell } from './examples.ts'
import { openWorkplace } from './millrace.ts'

const it = withServices('cassandra')

describe('stream --to cassandra://…', () => {
  it('the example of docs/outputs.md', async ({ cassandra }) => {
    const { examplesOf, run } = await openPage('outputs.md')
    const [example = ''] = examplesOf('cassandra.example')
    const { user, host, port, password, ca } = cassandra
    const keyspace = openKeyspace(cassandra)
    const place = await openShell()
    await place.run('ingest', '--count', '30', '--datasets', 'pin', '--mode', 'all')
    const result = await run(place, example.replace('millrace stream', 'millrace stream --until-caught-up'), {
      'loader@cassandra.example:9042/pinterest_data': `${user}@${host}:${port}/${keyspace.name}`,
      '/etc/ssl/cassandra-ca.pem': ca,
      'CASSANDRA_PASSWORD=example': `CASSANDRA_PASSWORD=${password}`,
    })
    expect(result, result.output).toMatchObject({ exitCode: 0 })
    expect(Number((await keyspace.rows('count(*)', 'pinterest_batch'))[0]?.count)).toBe(30)
  })

  it('a daily run brings each date there once; the example of docs/outputs.md', async ({ cassandra }) => {
    const { examplesOf, run } = await openPage('outputs.md')
    const [example = ''] = examplesOf('cassandra-batch.example')
    const { user, host, port, password, ca } = cassandra
    const keyspace = openKeyspace(cassandra)
    const place = await openShell()
    await mkdir(join(place.folder, 'raw'))
    const pins = (title: string) => [1, 2, 3].map((index) => `${JSON.stringify({ index, title })}\n`).join('')
    const rows = async () => {
      const found = await keyspace.rows('ind, title', 'pinterest_batch')
      return found.map(({ ind, title }) => `${ind} ${title}`).sort()
    }
    const replacements = {
      'loader@cassandra-batch.example:9042/pinterest_data': `${user}@${host}:${port}/${keyspace.name}`,
      '/etc/ssl/cassandra-ca.pem': ca,
      'CASSANDRA_PASSWORD=example': `CASSANDRA_PASSWORD=${password}`,
    }
    await writeFile(join(place.folder, 'raw', 'pin.jsonl'), pins('first'))
    for (let time = 0; time < 2; time++) {
      const result = await run(place, example, replacements)
      expect(result, result.output).toMatchObject({ exitCode: 0 })
      expect(await rows()).toEqual(['1 first', '2 first', '3 first'])
    }
    await writeFile(join(place.folder, 'raw', 'pin.jsonl'), pins('second'))
    const result = await run(place, example.replace('2026-01-31', '2026-02-01'), replacements)
    expect(result, result.output).toMatchObject({ exitCode: 0 })
    expect(await rows()).toEqual(['1 second', '2 second', '3 second'])
  })

  it('every type of column has its own there', ({ cassandra }) =>
    withOrders(async (place) => {
      const keyspace = openKeyspace(cassandra)
      const result = await place.run('stream', '--until-caught-up', '--group', 'c', '--to', keyspace.address('id'))
      expect(result, result.stderr).toMatchObject({ exitCode: 0 })
      const rows = await keyspace.rows('*', 'order')
      const byId = new Map(rows.map((row) => [String(row.id), row]))
      const first = byId.get('7')
      expect(first).toMatchObject({ balance: null, paid: true, weight: 0.5, item_count: 2 })
      expect([first?.total, first?.day].map(String)).toEqual(['12.50', '2024-02-29'])
      expect([first?.placed, first?.placed_local]).toEqual([
        new Date('2024-07-01T12:00:00Z'),
        new Date('2024-07-01T13:00:00Z'),
      ])
      expect(String(first?.bytes)).toBe('[{"sku":"a-1","pieces":2},{"sku":"b-2","pieces":null}]')
      expect(JSON.parse(String(first?.labels))).toEqual({ gift: 'yes', n: '3' })
      expect(String(byId.get('12')?.balance)).toBe('12345678901234567890123456789012.345678')
    }))

  it('verify says which keys of the source are missing, or have an older row', async ({ cassandra }) => {
    const keyspace = openKeyspace(cassandra)
    const place = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
    onTestFinished(() => place.leave())
    const source = ['--source', `embedded:${join(place.folder, 'data', 'stream.db')}`]
    const ingest = async (index: number) => {
      await writeFile(join(place.folder, 'pin.jsonl'), `${JSON.stringify({ index, title: 'a title' })}\n`)
      const result = await place.run('ingest', '--from', 'pin.jsonl', '--mode', 'all')
      expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    }
    for (const index of [1, 2, 2, 3]) await ingest(index)
    expect(await place.run('stream', '--until-caught-up', '--to', keyspace.address('ind'))).toMatchObject({
      exitCode: 0,
    })
    const verify = () => place.run('verify', '--to', keyspace.address('ind'), ...source)
    const good = await verify()
    expect(good, good.stdout + good.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/pin +millrace +pin\/0 +0 → 4 +4\n.*nothing is missing/s),
    })
    for (const index of [3, 4, 5]) await ingest(index)
    await keyspace.change(`UPDATE "$".millrace_progress SET position = '6'
      WHERE table_name = 'pin' AND pipeline = 'millrace' AND topic = 'pin' AND partition = '0'`)
    await keyspace.change('DELETE FROM "$".pin WHERE ind = 1')
    expect(await verify()).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(
        /2 keys of the source are missing: ind (1; 4|4; 1)\n.*1 rows are older than the newest record of their key: ind 3\n.*2 problems/s,
      ),
    })
  })

  it('a wrong login, a table without a key and a second group are refused, each with what to do', async ({
    cassandra,
  }) => {
    const keyspace = openKeyspace(cassandra)
    const place = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
    onTestFinished(() => place.leave())
    await place.run('ingest', '--count', '20', '--mode', 'all')
    const stream = (to: string, ...more: string[]) => place.run('stream', '--until-caught-up', '--to', to, ...more)
    expect(await stream(keyspace.address(''))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/OUTPUT_ADDRESS.*needs a key.*primaryKey=COLUMN/s),
    })
    expect(await stream(keyspace.address('ind').replace(/\/\/[^@]*@/, '//nobody@'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/OUTPUT_DENIED/),
    })
    expect(await stream(keyspace.address('ind'))).toMatchObject({ exitCode: 0 })
    expect(await stream(keyspace.address('ind'), '--group', 'two')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/ANOTHER_GROUP.*millrace puts the records of pin into this table already/),
    })
  })
})
