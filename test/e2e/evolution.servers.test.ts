import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, judgeSql, makeKafkaTopics, produceAvro, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'

const it = withServices('kafka', 'registry', 'confluent', 'judge')

/** How often the schema changes while two workers read. MILLRACE_SCHEMA_CHANGES=10 is the long form. */
const CHANGES = Number(process.env.MILLRACE_SCHEMA_CHANGES ?? 3)
const RECORDS = 40

const nullable = (type: unknown) => ['null', type]

/** What a field that comes with a change is: its type, a value for the producer, and the value as delta-rs reads it. */
const KINDS = [
  { type: () => 'int', sent: (id: number) => id, read: (id: number): unknown => id },
  { type: () => 'string', sent: (id: number) => `n${id}`, read: (id: number): unknown => `n${id}` },
  {
    type: (change: number) => ({
      ...{ type: 'record', name: `To${change}` },
      fields: [
        { name: 'zip', type: 'string' },
        { name: 'n', type: 'long' },
      ],
    }),
    sent: (id: number) => ({ zip: `z${id}`, n: id }),
    read: (id: number): unknown => ({ zip: `z${id}`, n: id }),
  },
  {
    type: () => ({ type: 'array', items: 'double' }),
    sent: (id: number) => [id, 0.5],
    read: (id: number) => [id, 0.5],
  },
]
const kindOf = (change: number) => KINDS[change % KINDS.length] as (typeof KINDS)[number]

/** A table with the newest row of each key, instead of one that nobody described. */
const UPSERT = {
  description: 'Orders, each as it is now',
  ...{ format: 'avro', onSchemaChange: 'evolve', mode: 'upsert', key: ['id'], sequenceBy: ['change'] },
  fields: { id: { type: 'long' }, change: { type: 'integer' } },
  columns: { id: { type: 'long' }, change: { type: 'integer' } },
}

/** The fields of a version of the schema: each change brings one, and takes the one before the last away. */
const fieldsOf = (change: number) => [change - 1, change].filter((of) => of > 0)

function schemaOf(change: number): string {
  const fields = fieldsOf(change).map((of) => ({ name: `f${of}`, type: nullable(kindOf(of).type(of)), default: null }))
  return JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: [{ name: 'id', type: 'long' }, { name: 'change', type: 'int' }, ...fields],
  })
}

/** Appended, each version has ids of its own; as keys, half of them come again with the next version. */
const idsOf = (change: number, step: number) => Array.from({ length: RECORDS }, (_, i) => change * step + i)

it.for([
  ['a table that rows are appended to', 1_000],
  ['a keyed table', RECORDS / 2],
] as const)(
  'the schema of %s changes while two workers read, and they are killed: no row lost, no value in another column',
  async ([what, step], { kafka, registry, confluent, judge }) => {
    const topic = freshName('orders')
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 4 }])
    const place = await openWorkplace()
    onTestFinished(() => place.leave())
    const isKeyed = what === 'a keyed table'
    const folder = join(place.folder, 'mine/orders')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(UPSERT))
    await writeFile(join(folder, 'clean.sql'), 'SELECT id, change FROM raw')
    const send = (change: number) =>
      produceAvro(confluent, {
        ...{ bootstrap: kafka.bootstrap, registry: registry.url, topic, schema: schemaOf(change) },
        records: idsOf(change, step).map((id) => ({
          ...{ id, change },
          ...Object.fromEntries(fieldsOf(change).map((of) => [`f${of}`, kindOf(of).sent(id)])),
        })),
      })
    const stream = [
      ...[
        'stream',
        ...(isKeyed ? ['--dataset-folders', 'mine'] : ['--infer']),
        '--datasets',
        'orders',
        '--topics',
        `orders=${topic}`,
        '--no-dashboard',
      ],
      ...['--source', `kafka://${kafka.bootstrap}`, '--registry', registry.url],
    ]
    const begin = (member: string) => place.start(...stream, '--every', '100ms', '--member', member)
    await send(0)
    const workers = [begin('a'), begin('b')] as [ChildProcess, ChildProcess]
    await Promise.race(workers.map((worker) => printed(worker, /commit/)))
    for (let change = 1; change <= CHANGES; change++) {
      const doomed = workers[change % 2] as ChildProcess
      const sent = send(change)
      // Now before the rows with the new field are there, now when some of them may be.
      if (change % 3 === 0) await sent
      doomed.kill('SIGKILL')
      await sent
      workers[change % 2] = begin(change % 2 === 0 ? 'a' : 'b')
    }
    for (const worker of workers) {
      worker.kill('SIGTERM')
      if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'close')
    }
    const changes = Array.from({ length: CHANGES + 1 }, (_, change) => change)
    const names = changes.slice(1).map((of) => `f${of}`)
    const versions = changes.flatMap((change) => idsOf(change, step).map((id) => [id, change] as const))
    const expected = [...new Map(versions)].map(([id, change]) => ({
      ...{ id, change },
      ...Object.fromEntries(
        changes.slice(1).map((of) => [`f${of}`, fieldsOf(change).includes(of) ? kindOf(of).read(id) : null]),
      ),
    }))
    // The broker may still count one that was killed to the group, and keep a share of the partitions for it.
    const rest = async () => {
      expect(await place.run(...stream, '--until-caught-up')).toMatchObject({ exitCode: 0 })
      return place.sql('SELECT count(*)::INT AS rows FROM orders')
    }
    await expect.poll(rest, { timeout: 90_000 }).toEqual([{ rows: expected.length }])
    const rows = await judgeSql(judge, {
      table: join(place.folder, 'lake/orders'),
      sql: `SELECT id, change, ${names.join(', ')} FROM t ORDER BY id`,
    })
    expect(rows).toEqual(expected)
    const refused = await place.sql('SELECT reason FROM orders_quarantine').catch(() => [])
    expect(refused).toEqual([])
    expect(await place.run('verify', '--source', `kafka://${kafka.bootstrap}`, '--datasets', 'orders')).toMatchObject({
      exitCode: 0,
    })
  },
)
