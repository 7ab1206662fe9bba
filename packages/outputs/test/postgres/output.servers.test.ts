import { readdir } from 'node:fs/promises'
import { freshName, type PostgresAddress, withServices } from '@millrace/testkit'
import { afterAll, beforeAll, describe, expect } from 'vitest'
// The session is private on purpose; here it fails as connections do.
import { parsePostgresAddress } from '../../src/postgres/address.ts'
import { postgresOutput } from '../../src/postgres/output.ts'
import { openSession } from '../../src/postgres/session.ts'
import { type Batches, openBatches, userRecord } from '../batches.ts'
import { describeOutput, type OpenOptions } from '../contract.ts'
import { peopleDataset } from '../keyed.ts'
import { followsModel } from '../keyed-model.ts'
import { asked, failing } from './place.ts'

let server: PostgresAddress
const test = withServices('postgres').extend('server', { auto: true }, ({ postgres }) => {
  server = postgres
})

interface Own {
  readonly nullColumns?: readonly string[]
  readonly login?: string
}

/** A table in a schema of its own, and what opens the output on it. */
function place(table: string) {
  const at = { schema: freshName('contract'), table }
  process.env.PGPASSWORD = server.password
  const { user, host, port, database, ca } = server
  return {
    name: `"${at.schema}"."${table}"`,
    at,
    open: ({ faults, login = user, ...context }: OpenOptions & Own) => {
      const address = `postgres://${login}@${host}:${port}/${database}?schema=${at.schema}&ca=${ca}`
      const session = openSession(parsePostgresAddress(address), 'PostgreSQL')
      return postgresOutput(failing(session, faults), at, { ...context, address, table, store: undefined as never })
    },
    close: async () => void (await asked(server, `DROP SCHEMA IF EXISTS "${at.schema}" CASCADE`)),
  }
}

for (const keyed of [false, true]) {
  const name = keyed ? 'PostgreSQL with a key' : 'PostgreSQL'
  describeOutput(name, { storeCanFail: true, keyed, test: test as never }, async () => {
    const under = place('user')
    return {
      ...under,
      message: userRecord,
      async visible() {
        return (await asked(server, `SELECT ind FROM ${under.name} ORDER BY ind`)).map(({ ind }) => Number(ind))
      },
    }
  })
}

describe('a table of PostgreSQL with a key', () => {
  let batches: Batches
  beforeAll(async () => {
    batches = await openBatches(peopleDataset())
  })
  afterAll(() => batches.close())
  const context = () => ({ ...batches, group: 'model', faults: () => undefined })

  test('has the newest row of each key, whatever the order in which changes and deletes come', () =>
    followsModel(
      batches,
      async () => {
        const under = place('people')
        return {
          ...under,
          open: () => under.open(context()),
          async people() {
            const rows = await asked(server, `SELECT id, name, seq FROM ${under.name} ORDER BY id`)
            return rows.map(({ id, name, seq }) => ({ id: Number(id), name: name as string, seq: Number(seq) }))
          },
        }
      },
      8,
    ))

  test.each([undefined, ['seq']])('is emptied by a truncate, with sequenceBy %s', async (sequenceBy) => {
    const field = { type: 'long' }
    const described = {
      ...{ format: 'debezium', fields: { id: field, name: { type: 'text' }, __seq: field } },
      ...{ columns: { id: field, name: { type: 'string' }, seq: field }, deleteWhen: undefined, sequenceBy },
    }
    const dataset = { ...peopleDataset(described), sql: 'SELECT id, name, __seq AS seq FROM raw' }
    const own = await openBatches(dataset)
    const under = place('people')
    const output = await under.open({ ...own, group: 'g', faults: () => undefined })
    const partition = { topic: 'people', identity: 'first', id: '0' }
    await output.begin([partition])
    await output.commit(undefined, [{ partition, from: undefined, to: [0n] }])
    let at = 0
    const change = async (...values: readonly string[]) => {
      const prepared = await output.prepare(own.batch('g', { partition, from: at, values }))
      await output.commit(prepared, [{ partition, from: [BigInt(at)], to: [BigInt(at + values.length)] }])
      at += values.length
      const rows = await asked(server, `SELECT id, name FROM ${under.name} ORDER BY id`)
      return rows.map(({ id, name }) => `${id} ${name}`)
    }
    const message = (op: string, seq: number, after: object | null) => {
      return JSON.stringify({ op, before: null, after, source: { seq } })
    }
    const put = (id: number, seq: number, name: string) => message('u', seq, { id, name })
    const truncate = (seq: number) => message('t', seq, null)

    expect(await change(put(1, 1, 'a'), put(2, 9, 'b'))).toEqual(['1 a', '2 b'])
    const newer = sequenceBy ? ['2 b'] : []
    expect(await change(put(3, 2, 'c'), truncate(5), put(4, 6, 'd'))).toEqual([...newer, '4 d'])
    const late = sequenceBy ? [] : ['5 late']
    expect(await change(put(5, 4, 'late'), put(6, 7, 'e'))).toEqual([...newer, '4 d', ...late, '6 e'])
    expect(await change(truncate(10))).toEqual([])
    await output.close()
    await under.close()
    await own.close()
  })

  test('is made once by workers that begin at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const under = place('people')
      const outputs = await Promise.all(Array.from({ length: 6 }, () => under.open(context())))
      const begun = await Promise.allSettled(outputs.map((output) => output.begin([])))
      expect(begun.filter(({ status }) => status === 'rejected')).toEqual([])
      await Promise.all(outputs.map((output) => output.close()))
      await under.close()
    }
  })

  test('is filled by a login that may make nothing, where all its tables are there', async () => {
    const under = place('people')
    const first = await under.open(context())
    await first.begin([])
    await first.close()
    const login = freshName('filler').replaceAll('-', '_')
    const { schema } = under.at
    await asked(server, `CREATE ROLE "${login}" LOGIN PASSWORD '${server.password}'`)
    await asked(server, `GRANT USAGE ON SCHEMA "${schema}" TO "${login}"`)
    await asked(server, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${login}"`)
    const output = await under.open({ ...context(), login })
    await expect(output.begin([])).resolves.toMatchObject({ positions: new Map() })
    await output.close()
    await under.close()
  })

  test('that somebody made without a unique index on the key is refused, and with one is filled', async () => {
    const under = place('people')
    await asked(server, `CREATE SCHEMA "${under.at.schema}"`)
    await asked(server, `CREATE TABLE ${under.name} (id bigint, name text, seq bigint)`)
    const output = await under.open(context())
    await expect(output.begin([])).rejects.toMatchObject({ code: 'TABLE_SCHEMA', message: /no primary key.*on id/ })
    await asked(server, `CREATE UNIQUE INDEX ON ${under.name} (id)`)
    await expect(output.begin([])).resolves.toMatchObject({ positions: new Map() })
    await output.close()
    await under.close()
  })

  test('may have columns that the database fills; others are refused unless they are allowed', async () => {
    const under = place('people')
    await asked(server, `CREATE SCHEMA "${under.at.schema}"`)
    await asked(
      server,
      `CREATE TABLE ${under.name} (id bigint PRIMARY KEY, name text, seq bigint, nick text,
        row_id bigserial, loaded_at timestamptz DEFAULT now())`,
    )
    const output = await under.open(context())
    await expect(output.begin([])).rejects.toMatchObject({ code: 'COLUMNS_WITHOUT_VALUES', message: /a column nick/ })
    const allowed = await under.open({ ...context(), nullColumns: ['nick'] })
    await allowed.begin([])
    expect(allowed.describe()).toMatchObject({ nullColumns: ['nick'] })
    await Promise.all([output.close(), allowed.close()])
    await under.close()
  })

  test('leaves nothing in the scratch folder, whether a batch is committed or given up', async () => {
    const under = place('people')
    const output = await under.open(context())
    const files = async () => (await readdir(batches.machine.workFolder)).filter((file) => file.endsWith('.csv'))
    await output.begin([])
    const batch = batches.batch('model', {
      ...{ partition: { topic: 'people', identity: 'first', id: '0' }, from: 0 },
      values: ['{"id": 1, "seq": 1, "name": "a", "op": "u"}'],
    })
    const prepared = await output.prepare(batch)
    expect(await files()).toHaveLength(1)
    await output.discard(prepared)
    expect(await files()).toEqual([])
    await output.close()
    await under.close()
  })
})
