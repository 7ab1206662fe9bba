import { withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { collect } from '../collect.ts'
import { fillTables, newDatabase } from './database.ts'
import { killingProxy } from './killing-proxy.ts'

const it = withServices('mariadb')

const POSTS = 11_000

it.for([
  { keys: true, by: 'by ranges of their key' },
  { keys: false, by: 'in one query where they have no key' },
  { keys: 'but one', by: 'in both ways side by side' },
] as const)('sends whole tables once each, byte for byte as they were made, $by', async ({ keys }, { mariadb }) => {
  const database = await newDatabase(mariadb)
  const made = await fillTables(database, POSTS, { keys })
  const { totals, records } = await collect({ from: database.address })
  expect(records).toEqual(made)
  expect(totals).toMatchObject({ rounds: POSTS, records: 3 * POSTS })
})

it.for([{ keys: true }, { keys: false }])(
  'draws a row number and takes that row of every table, the same for the same seed (%o)',
  async ({ keys }, { mariadb }) => {
    const database = await newDatabase(mariadb)
    const made = await fillTables(database, 300, { keys })
    const warnings: Error[] = []
    const warn = (warning: Error) => void warnings.push(warning)
    process.on('warning', warn)
    onTestFinished(() => void process.off('warning', warn))
    const draw = (seed: number) => collect({ from: database.address, mode: 'random', count: 700, seed })
    const { records } = await draw(5)
    const numbers = (records.get('pin') ?? []).map((pin) => (JSON.parse(pin) as { index: number }).index)
    for (const [dataset, texts] of records) expect(texts).toEqual(numbers.map((number) => made.get(dataset)?.[number]))
    expect(new Set(numbers).size).toBeGreaterThan(250)
    expect((await draw(5)).records).toEqual(records)
    expect((await draw(6)).records).not.toEqual(records)
    // Node warns of more than ten listeners on one connection, which were left behind by earlier queries.
    expect(warnings).toEqual([])
  },
)

it('draws from a table with more keys than are kept, which has no row 3', async ({ mariadb }) => {
  const { connection, address } = await newDatabase(mariadb)
  await connection.query('CREATE TABLE orders (id int PRIMARY KEY, twice int)')
  await connection.query('INSERT INTO orders SELECT seq, 2 * seq FROM seq_0_to_200001 WHERE seq <> 3')
  const draw = (seed: number) =>
    collect({ from: `${address}&order=orders`, datasets: ['order'], mode: 'random', count: 30, seed })
  const drawn = (await draw(1)).records.get('order')?.map((text) => JSON.parse(text) as { id: number; twice: number })
  expect(drawn?.length).toBe(30)
  expect(drawn?.filter(({ id, twice }) => twice !== 2 * id)).toEqual([])
  expect(new Set(drawn?.map(({ id }) => id)).size).toBeGreaterThan(25)
  expect((await draw(1)).records.get('order')).toEqual(drawn?.map((row) => JSON.stringify(row)))
})

it('stops in the middle of a table that is read in one query', async ({ mariadb }) => {
  const database = await newDatabase(mariadb)
  await fillTables(database, 5_000, { keys: false })
  const { totals } = await collect({ from: database.address }, async () => 'stop')
  expect(totals.rounds).toBe(1_000)
})

it('goes on behind the last page when its connections are killed, each record once', async ({ mariadb }) => {
  const database = await newDatabase(mariadb)
  const made = await fillTables(database, POSTS, { keys: true })
  const sums = [1 << 20, 2 << 20, 3 << 20]
  const proxy = await killingProxy(database, sums)
  const { records } = await collect({ from: proxy.address })
  expect(proxy.killed()).toBe(sums.length)
  expect(records).toEqual(made)
})

it('sends numbers digit for digit, times as MySQL writes them, text of any script', async ({ mariadb }) => {
  const { connection, address } = await newDatabase(mariadb)
  await connection.query(`CREATE TABLE orders (
    id bigint unsigned PRIMARY KEY, price decimal(30, 10), ratio double, small float, padded int(6) zerofill,
    at datetime(6), stamped timestamp NULL, day date, span time, name varchar(40), note text, yes bool) CHARACTER SET utf8mb4`)
  await connection.query("SET time_zone = '+05:00'")
  await connection.query(`INSERT INTO orders VALUES
    (18446744073709551615, 12345678901234567890.0123456789, -42.0773, 0.5, 42, '2020-02-29 23:59:59.000001',
     '2020-01-01 05:00:00', '2021-12-31', '-25:00:01', 'Zoë "✈️" \\\\ ', 'a\\nb', true),
    (1, 0, 1e300, NULL, 0, '0001-01-01 00:00:00', NULL, NULL, NULL, '', NULL, false)`)
  const { records } = await collect({ from: `${address}&order=orders`, datasets: ['order'] })
  expect(records.get('order')).toEqual([
    '{"id":1,"price":0.0000000000,"ratio":1e+300,"small":null,"padded":0,"at":"0001-01-01 00:00:00.000000","stamped":null,"day":null,"span":null,"name":"","note":null,"yes":0}',
    '{"id":18446744073709551615,"price":12345678901234567890.0123456789,"ratio":-42.0773,"small":0.5,"padded":42,"at":"2020-02-29 23:59:59.000001","stamped":"2020-01-01 00:00:00","day":"2021-12-31","span":"-25:00:01","name":"Zoë \\"✈️\\" \\\\ ","note":"a\\nb","yes":1}',
  ])
})

it('says what is wrong: password, TLS, certificate, database, table, binary column, empty table', async ({
  mariadb,
}) => {
  const { connection, address } = await newDatabase(mariadb)
  await connection.query('CREATE TABLE blobs (id int PRIMARY KEY, bytes blob)')
  await connection.query("INSERT INTO blobs VALUES (1, 'x')")
  await connection.query('CREATE TABLE nothing (id int PRIMARY KEY)')
  const failure = (from: string, mode: 'all' | 'random' = 'all') =>
    collect({ from, mode, datasets: ['blobs'] }).catch((error: unknown) => error)
  const [plain = ''] = address.split('?')
  expect(await failure(plain)).toMatchObject({ code: 'SOURCE_DENIED' })
  expect(await failure(`${plain}?ssl=true`)).toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    next: expect.stringContaining('?ca='),
  })
  expect(await failure(address.replace('127.0.0.1', 'localhost'))).toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  expect(await failure(address.replace(/millrace_\w+/, 'millrace_none'))).toMatchObject({ code: 'SOURCE_ADDRESS' })
  expect(await failure(`${address}&blobs=none`)).toMatchObject({
    code: 'SOURCE_ADDRESS',
    next: expect.stringContaining('?DATASET='),
  })
  expect(await failure(address)).toMatchObject({
    code: 'SOURCE_UNSUPPORTED',
    message: expect.stringContaining('bytes'),
  })
  expect(await failure(`${address}&blobs=nothing`, 'random')).toMatchObject({
    message: expect.stringContaining('empty'),
  })
  process.env.MYSQL_PWD = 'wrong'
  expect(await failure(address)).toMatchObject({ code: 'SOURCE_DENIED', next: expect.stringContaining('MYSQL_PWD') })
})

it('says so when nobody is there', async () => {
  const failure = await collect({ from: 'mysql://root@127.0.0.1:1/pinterest_data' }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE' })
})
